"""Randomness of short strings."""

from __future__ import annotations

import pytest

from scangate.matching.entropy import character_classes, class_changes, shannon_bits


@pytest.mark.parametrize(("text", "bits"), [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("0123456789abcdef", 4.0)])
def test_shannon_bits(text: str, bits: float) -> None:
    assert shannon_bits(text) == pytest.approx(bits)


@pytest.mark.parametrize(("text", "classes"), [("", 0), ("abc", 1), ("aB", 2), ("aB3", 3), ("aB3!", 4), ("ÄÖ", 1)])
def test_character_classes(text: str, classes: int) -> None:
    assert character_classes(text) == classes


@pytest.mark.parametrize(("text", "changes"), [("", 0), ("word", 0), ("a1b2", 3), ("2024-01-02", 4)])
def test_class_changes(text: str, changes: int) -> None:
    assert class_changes(text) == changes
