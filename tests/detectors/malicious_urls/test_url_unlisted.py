from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.malicious_urls import SPEC
from scangate.detectors.malicious_urls.categories import malicious_categories
from scangate.detectors.malicious_urls.features import BITS, SIGN_NAMES, Reason
from scangate.detectors.malicious_urls.findings import UrlFinding, UrlRule
from scangate.detectors.malicious_urls.knowledge import UrlKnowledge, load_knowledge
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.detectors.malicious_urls.unlisted import ModelWeights, Opinion
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.errors import ConfigurationError
from scangate.matching.prepare import prepare

BAD = (
    "http://secure-account-verify-x9k2q.top/login/confirm.php",
    "http://qxzv83kfj2w9.xyz/",
    "https://login-wallet-restore-8812.vercel.app/connect",
)


@pytest.fixture(scope="module")
def knowledge() -> UrlKnowledge:
    return load_knowledge()


def opinion(knowledge: UrlKnowledge, url: str) -> Opinion | None:
    match = knowledge.extractor.extract(url).urls[0]
    parts = None if match.host.is_ip else knowledge.suffixes.split(match.host.text)
    sign = knowledge.judge.judge(match, parts)
    return knowledge.model.judge(match, parts, sign.rule if sign else None)


@pytest.mark.parametrize("url", BAD)
def test_what_looks_like_it_is_flagged_with_its_reasons(url: str) -> None:
    detector = SPEC.compile(MaliciousUrlsOptions(action=Action.BLOCK, default=tuple(malicious_categories())), Resources())
    text = f"see {url} now"
    found = [one for one in detector.detect(Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text))) if one.flagged]
    assert len(found) == 1 and isinstance(found[0], UrlFinding)
    assert found[0].rule is UrlRule.LEARNED
    assert "real-time-detection" in found[0].categories
    assert 1 <= len(found[0].reasons) <= 3
    assert set(found[0].reasons) <= set(Reason)


@pytest.mark.parametrize("url", BAD)
def test_probabilities_order_good_and_bad(knowledge: UrlKnowledge, url: str) -> None:
    bad, good = opinion(knowledge, url), opinion(knowledge, "https://www.gardening-society.org.uk/about/history.html")
    assert bad is not None and good is not None
    assert good.probability < knowledge.model.suspect <= knowledge.model.flag <= bad.probability <= 1


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/",
        "http://192.0.2.1/login/verify.exe",
        "http://10.0.0.1/setup.exe",
        "http://localhost/secure/login.php",
        "http://secure-account-verify.internal/login",
        "http://secure-account-verify.example/login",
        "http://secure-account-verify.example.com/login",
        "http://secure.login.test/x",
        "http://github.io/",
    ],
)
def test_what_the_model_knows_nothing_of_is_not_put_to_it(knowledge: UrlKnowledge, url: str) -> None:
    assert opinion(knowledge, url) is None


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cells = rng.normal(size=1 << BITS).astype(np.float32)
    made = ModelWeights(cells, rng.normal(size=len(SIGN_NAMES)).astype(np.float32), 0.5, 1.5, -0.5, 0.9, 0.7)
    made.save(tmp_path / "model.npz")
    read = ModelWeights.load(tmp_path / "model.npz")
    assert np.abs(read.cells - cells).max() < 0.05
    assert np.array_equal(read.signs, made.signs)
    assert (read.bias, read.scale, read.shift, read.flag, read.suspect) == (0.5, 1.5, -0.5, 0.9, 0.7)


def test_a_model_for_other_features_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signs = np.zeros(len(SIGN_NAMES), np.float32)
    ModelWeights(np.zeros(1 << BITS, np.float32), signs, 0, 1, 0, 1, 1).save(tmp_path / "model.npz")
    monkeypatch.setattr("scangate.detectors.malicious_urls.unlisted.FEATURES_VERSION", 99)
    with pytest.raises(ConfigurationError, match="other features"):
        ModelWeights.load(tmp_path / "model.npz")
