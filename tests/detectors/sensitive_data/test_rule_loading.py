"""The loader refuses what would fail silently later."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import yaml

from scangate.detectors.sensitive_data.catalog import Catalog
from scangate.detectors.sensitive_data.rule import Ladder, Rule, load_vocabularies, parse_rules, parse_vocabularies
from scangate.domain.taxonomy import Confidence
from scangate.errors import ConfigurationError

GOOD = {
    "id": "badge-number",
    "name": "Badge",
    "title": "Badge number",
    "category": "personal",
    "severity": "low",
    "patterns": [r"\bB\d{4}\b"],
    "examples": {"match": ["badge B1234", "B¦9999"], "benign": ["B12", "nothing"]},
}


def _document(**changes: object) -> str:
    return json.dumps({"rules": [{key: value for key, value in (GOOD | changes).items() if value is not None}]})


def _rules(**changes: object) -> tuple[Rule, ...]:
    return parse_rules(_document(**changes), "test.yaml")


def test_a_good_rule_loads_and_loses_the_marks_in_its_examples() -> None:
    (rule,) = _rules()
    assert rule.examples.match == ("badge B1234", "B9999")


def test_defaults_of_the_file_stand_below_each_rule() -> None:
    document = _document(severity=None).replace('{"rules"', '{"defaults": {"severity": "critical"}, "rules"')
    (rule,) = parse_rules(document, "test.yaml")
    assert rule.severity.value == "critical"


@pytest.mark.parametrize(
    "changes",
    [
        {"examples": None},
        {"examples": {"match": ["one"], "benign": ["a", "b"]}},
        {"examples": {"match": ["one", "two"], "benign": ["a"]}},
        {"patterns": []},
        {"category": "gossip"},
        {"severity": "mild"},
        {"id": "Not A Slug"},
        {"surprise": True},
        {"confidence": {"alone": "certain"}},
        {"context": {"xx": ["word"]}},
        {"edges": "soft"},
    ],
)
def test_a_rule_that_lacks_or_invents_something_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"test\.yaml"):
        _rules(**changes)


@pytest.mark.parametrize("document", ["rules: [", "", "[]", "rules: {}", "rules: []"])
def test_what_is_no_rule_file_is_refused(document: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_rules(document, "test.yaml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validator": "no_such"}, "unknown validator 'no_such'"),
        ({"validator": "stdnum.xx.none"}, "unknown validator"),
        ({"suppressors": ["no_such"]}, "unknown suppressor 'no_such'"),
        ({"vocabularies": ["no_such"]}, "unknown vocabulary 'no_such'"),
        ({"hints": ["no_such"]}, "unknown vocabulary 'no_such'"),
        ({"patterns": ["(?=x)"]}, "not valid re2 syntax"),
    ],
)
def test_a_catalogue_with_an_unknown_part_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        Catalog(_rules(**changes), load_vocabularies())


def test_two_rules_of_one_id_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="same id"):
        Catalog(_rules() * 2, {})


@pytest.mark.parametrize("document", ["- a", "card: [a]"])
def test_vocabularies_of_another_shape_are_refused(document: str) -> None:
    with pytest.raises(ConfigurationError, match="vocabularies"):
        parse_vocabularies(document)


def test_every_vocabulary_speaks_nine_languages_where_it_can() -> None:
    folder = files("scangate.detectors.sensitive_data").joinpath("rules")
    data = yaml.safe_load(folder.joinpath("vocabularies.yaml").read_text(encoding="utf-8"))
    assert data
    assert {
        name for name, languages in data.items() if set(languages) < {"en", "es", "ru", "de", "fr", "ja", "pt", "it", "zh"}
    } == set()


@pytest.mark.parametrize(
    ("ladder", "situation", "expected"),
    [
        ({}, {"proven": False, "context": False, "hint": False}, Confidence.LOW),
        ({}, {"proven": False, "context": True, "hint": False}, Confidence.MEDIUM),
        ({}, {"proven": True, "context": False, "hint": False}, Confidence.MEDIUM),
        ({}, {"proven": True, "context": True, "hint": False}, Confidence.HIGH),
        ({"alone": None, "context": "medium"}, {"proven": False, "context": False, "hint": True}, None),
        ({"alone": None, "context": "medium"}, {"proven": True, "context": False, "hint": False}, None),
        ({"alone": None, "context": "medium"}, {"proven": True, "context": True, "hint": False}, Confidence.MEDIUM),
        ({"alone": "low", "hint": "medium"}, {"proven": False, "context": False, "hint": True}, Confidence.MEDIUM),
        ({"alone": None, "hint": "medium"}, {"proven": True, "context": False, "hint": True}, Confidence.MEDIUM),
    ],
)
def test_the_ladder(ladder: dict[str, object], situation: dict[str, bool], expected: Confidence | None) -> None:
    assert Ladder.model_validate(ladder).level(**situation) is expected
