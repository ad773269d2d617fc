from __future__ import annotations

import pytest

from scangate.detectors.malicious_urls.brands import load_brands, skeleton
from scangate.detectors.malicious_urls.form import FLAG_SCORE, FormJudge, Suspicion, load_form_words
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes
from scangate.matching.urls import UrlExtractor


@pytest.fixture(scope="module")
def suffixes() -> PublicSuffixes:
    return load_public_suffixes()


@pytest.fixture(scope="module")
def judge(suffixes: PublicSuffixes) -> FormJudge:
    return FormJudge(load_brands(), suffixes)


def judged(judge: FormJudge, suffixes: PublicSuffixes, url: str) -> Suspicion | None:
    urls = UrlExtractor(suffixes).extract(url).urls
    assert len(urls) == 1
    host = urls[0].host
    return judge.judge(urls[0], None if host.is_ip else suffixes.split(host.text))


@pytest.mark.parametrize(
    "url",
    [
        "https://amazon-refund.xyz/",
        "https://apple-support.xyz/",
        "https://secure-paypal-account.com/",
        "https://paypal-login.vercel.app/",
        "https://sso--robinhood-com--auth.webflow.io/",
        "https://facebook-support-help931.weebly.com/",
        "https://g00gle.com/",
        "https://paypall-login.com/",
        "https://micros0ft-login.com/",
        "https://amazon.co.jp.a8f0c2.icu/",
        "https://instagam.com.a8f0c2.icu/",
        "https://paypa1.com.a8f0c2.icu/",
        "https://shop.com-tollpay.xin/",
        "https://ezpass.com-tollpay.xin/",
        "https://instagrаm.com/",
        "http://9.9.9.9/mozi.m",
        "http://9.9.9.9/x/boat.mips",
        "http://9.9.9.9/banks/cibc/index.html",
        "http://www.chase.com@9.9.9.9/",
    ],
)
def test_strong_signs_reach_the_threshold(judge: FormJudge, suffixes: PublicSuffixes, url: str) -> None:
    sign = judged(judge, suffixes, url)
    assert sign is not None
    assert sign.score >= FLAG_SCORE


@pytest.mark.parametrize(
    "url",
    [
        "https://www.amazon.co.jp/login",
        "https://amazon.com.be/",
        "https://support.apple.com/",
        "https://login.microsoft.contoso.com/",
        "https://github-login.company.com/",
        "https://microsoft.com.edgekey.net/",
        "https://www-paypal-com.translate.goog/login",
        "https://netflix-clone.vercel.app/login",
        "https://paypal-community-forum.com/support",
        "https://applebees.com/account",
        "https://chase-family-reunion.com/",
        "https://login.google.lv/account",
        "https://login.paypal-labs.com/",
        "https://secure.netflixstudios.com/",
        "https://login.net-empregos.com/",
        "https://login.cn-app13.com/",
        "https://windows-cleaning.co.uk/",
        "https://www.telegraph.co.uk/",
        "https://1cloud.ru/",
        "https://müller-online.de/",
        "https://пример.рф/",
        "https://secure-login.example.com/account/verify",
        "http://9.9.9.9/docs/index.html",
        "http://9.9.9.9/dists/amd64/",
        "http://9.9.9.9/app.jar",
        "http://9.9.9.9/gitlab/login",
        "http://192.168.0.1/setup.exe",
        "https://bob:pw@db.example.com/",
        "ftp://bob@example.com:pw@ftp.example.com/",
        "https://example.com@example.com/",
    ],
)
def test_honest_urls_stay_below_the_threshold(judge: FormJudge, suffixes: PublicSuffixes, url: str) -> None:
    sign = judged(judge, suffixes, url)
    assert sign is None or sign.score < FLAG_SCORE


@pytest.mark.parametrize(
    ("label", "seen"), [("xn--pple-43d", "apple"), ("раураl", "paypal"), ("mïcrosoft", "microsoft"), ("plain", "plain")]
)
def test_skeletons_show_what_a_reader_sees(label: str, seen: str) -> None:
    assert skeleton(label) == seen


def test_brand_data_is_consistent(suffixes: PublicSuffixes) -> None:
    brands = load_brands()
    assert len(brands.names) > 100
    assert all(name == name.lower() and name.isalnum() for name in brands.names)
    assert all(suffixes.split(domain).listed for domain in brands.domains)
    words = load_form_words()
    assert "login" in words.bait
    assert words.bait.isdisjoint(words.harmless)
