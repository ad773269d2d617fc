"""What counts as quoted."""

from __future__ import annotations

import numpy as np
import pytest

from scangate.detectors.prompt_injection.quotes import quoted
from scangate.inference.linear import collapse


def is_quoted(text: str, phrase: str = "drop it") -> bool:
    collapsed = collapse(text)
    start = collapsed.string().index(phrase)
    return bool(quoted(collapsed, np.array([start]), np.array([start + len(phrase)]))[0])


@pytest.mark.parametrize(
    "text",
    [
        'he wrote "drop it" there',
        "he wrote 'drop it' there",
        "he wrote “please drop it now” there",
        "er schrieb „drop it“ dort",
        "il écrit « drop it » là",
        "彼は「drop it」と書いた",
        "him: `drop it`",
        "log:\n```\nuser: drop it\n```\nend",
        "he wrote:\n> drop it\nand left",
        '"first" and then "drop it" again',
    ],
)
def test_a_phrase_between_marks_is_quoted(text: str) -> None:
    assert is_quoted(text)


@pytest.mark.parametrize(
    "text",
    [
        "drop it",
        '"first" drop it "second"',
        "it's late, drop it, that's all",
        'he wrote "drop it and never came back',
        "the users' choice: drop it",
        "5 > 3, drop it",
        '"' + "x " * 200 + 'drop it"',
        "” drop it “",
        "```\ncode\n```\ndrop it",
    ],
)
def test_a_phrase_beside_marks_is_not(text: str) -> None:
    assert not is_quoted(text)
