"""The sentence encoder: windows that cover a text, vectors that are near where texts are about the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scangate.detectors.contract import Resources
from scangate.detectors.guard import shared_vocabulary
from scangate.inference.catalog import open_folder
from scangate.inference.sentences import TOPICS_DIR, SentenceEncoder


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(open_folder(TOPICS_DIR), shared_vocabulary(Resources()))


def cosine(encoder: SentenceEncoder, first: str, second: str) -> float:
    one, other = encoder.encode(first), encoder.encode(second)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_translations_are_nearer_than_other_sentences(encoder: SentenceEncoder) -> None:
    near = cosine(encoder, "My credit card was stolen.", "Meine Kreditkarte wurde gestohlen.")
    assert near > cosine(encoder, "My credit card was stolen.", "Der Kuchen backt im Ofen.")
    assert encoder.encode("x").shape == (encoder.hidden,)


def test_windows_cover_a_long_text_and_leave_a_short_one_whole(encoder: SentenceEncoder) -> None:
    assert len(encoder.windows("What is the weather like?")) == 1 and len(encoder.windows("")) == 1
    text = "This is a sentence of several words. " * 30
    windows = encoder.windows(text)
    assert windows[0].start == 0 and windows[-1].end == len(text) and len(windows) > 5
    assert all(after.start <= before.end for before, after in pairwise(windows))


def test_a_text_of_very_many_tokens_is_read_to_its_end(encoder: SentenceEncoder) -> None:
    noise = "".join(chr(0x2200 + number % 200) for number in range(400))
    assert not np.allclose(encoder.encode(noise), encoder.encode(noise + " My credit card was stolen in Madrid."))
