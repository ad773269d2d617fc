from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from scangate.detectors.malicious_code.rulebook import Kind, RuleBook, RuleModel, load_rules
from scangate.errors import ConfigurationError
from scangate.matching.decoded import Source

BOOK = load_rules()
MODELS = list(BOOK.rules.values())


def holds(rule: RuleModel, text: str) -> bool:
    return any(hit.rule.id == rule.id for hit in BOOK.hits(Source.of(text).data))


@pytest.mark.parametrize("rule", MODELS, ids=lambda rule: rule.id)
def test_examples(rule: RuleModel) -> None:
    assert len(rule.matches) >= 2
    assert len(rule.benign) >= 2
    assert [text for text in rule.matches if not holds(rule, text)] == []
    assert [text for text in rule.benign if holds(rule, text)] == []


def test_benign_examples_hold_for_no_strong_rule_at_all() -> None:
    benign = [text for rule in MODELS for text in rule.benign]
    assert len(benign) > 150
    strong = {
        text: found
        for text in benign
        if (found := [hit.rule.id for hit in BOOK.hits(Source.of(text).data) if hit.rule.confidence.value == "high"])
    }
    assert strong == {}


def test_every_family_of_the_catalogue_has_rules() -> None:
    families = {rule.family for rule in MODELS}
    assert families >= {
        "reverse_shell", "download", "credentials", "ransomware", "persistence", "wiper", "surveillance", "miner", "webshell",
        "container", "supply_chain", "test_file", "injection", "evasion", "shellcode", "obfuscation", "hiding",
    }  # fmt: skip


def test_rules_of_hiding_are_weak() -> None:
    assert all(rule.confidence.value == "low" for rule in MODELS if rule.kind is Kind.HIDING)


def _document(**changes: object) -> list[dict[str, object]]:
    rule = {
        "id": "a.b", "title": "t", "severity": "low", "confidence": "low", "reference": "https://example.org",
        "strings": '$a = "x"', "condition": "$a", "matches": ["x", "xx"], "benign": ["y", "z"],
    }  # fmt: skip
    return [{**rule, **changes}]


@pytest.mark.parametrize(
    "changes", [{"matches": ["x"]}, {"benign": []}, {"reference": "nowhere"}, {"id": "Bad Id"}, {"surplus": 1}]
)
def test_a_rule_that_lacks_something_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        RuleModel.model_validate(_document(**changes)[0])


@pytest.mark.parametrize("changes", [{"strings": "$a = /(/"}, {"condition": "$b"}])
def test_a_rule_that_yara_refuses_is_refused_by_name(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"'a\.b'"):
        RuleBook([RuleModel.model_validate(_document(**changes)[0])])


def test_two_rules_of_one_name_are_refused() -> None:
    model = RuleModel.model_validate(_document()[0])
    with pytest.raises(ConfigurationError, match="same id"):
        RuleBook([model, model])


def test_rule_files_are_plain_yaml() -> None:
    folder = files("scangate.detectors.malicious_code") / "rules"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    assert len(entries) >= 10
    assert all(isinstance(yaml.safe_load(entry.read_text("utf-8")), list) for entry in entries)
