"""The whole preparation: bounds, deadlines, hostile input."""

from __future__ import annotations

import base64
import codecs
import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding, PartKind
from scangate.errors import DeadlineExceededError
from scangate.matching.decoding import PreparationLimits
from scangate.matching.prepare import prepare
from scangate.matching.views import Identity

SENTENCE = "Please water the plants in the kitchen before you leave the house. "


def b64(data: str | bytes) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def test_plain_text_passes_through() -> None:
    prepared = prepare("Hello there")
    assert prepared.raw.text == "Hello there"
    assert prepared.raw.offsets == Identity()
    assert prepared.folded.text == "hello there"
    assert (prepared.decoded, prepared.segments, prepared.hidden_spans, prepared.truncated) == ((), (), (), False)
    assert len(prepared.views) == 2


def test_views_of_a_disguised_text() -> None:
    raw = f"Ｎote\u200b: {b64(SENTENCE)}"
    prepared = prepare(raw)
    assert prepared.folded.text.startswith("note: ")
    assert prepared.folded.to_raw(0, 5) == Span(0, 6)
    assert prepared.hidden_spans == (Span(4, 5),)
    assert prepared.decoded[0].to_raw(3, 9) == Span(7, len(raw))


def test_invisible_characters_inside_a_blob_do_not_hide_it() -> None:
    blob = b64(SENTENCE)
    (view,) = prepare(blob[:10] + "\u200b" + blob[10:]).decoded
    assert view.text == SENTENCE


def test_decoded_views_are_cleaned_but_keep_their_case() -> None:
    (view,) = prepare(b64("Ｐlease w\u200bater the plants today")).decoded
    assert view.text == "Please water the plants today"


def test_checkpoints_are_called_and_their_exception_passes() -> None:
    calls = []
    prepare(b64(SENTENCE), checkpoint=lambda: calls.append(1))
    assert len(calls) >= 5

    def expired() -> None:
        raise DeadlineExceededError

    with pytest.raises(DeadlineExceededError):
        prepare(SENTENCE, checkpoint=expired)


def test_a_bomb_is_not_inflated() -> None:
    bomb = b64(gzip.compress(b"bomb " * 10_000_000, mtime=0))
    started = time.process_time()
    prepared = prepare(bomb)
    assert time.process_time() - started < 2.0
    assert prepared.truncated
    assert sum(len(view.text) for view in prepared.decoded) <= PreparationLimits().max_decoded_characters


def test_many_bombs_share_one_bound() -> None:
    bomb = b64(gzip.compress(b"ab " * 300_000, mtime=0))
    started = time.process_time()
    assert prepare(" ".join([bomb] * 200)).truncated
    assert time.process_time() - started < 2.0


def test_the_number_of_views_is_bounded() -> None:
    text = " ".join(b64(f"{SENTENCE} number {index} of many") for index in range(300))
    prepared = prepare(text)
    assert 100 <= len(prepared.decoded) <= PreparationLimits().max_views
    assert prepared.truncated


def test_a_small_blob_is_found_beside_a_giant_one() -> None:
    prepared = prepare(b64(SENTENCE * 20_000) + " and " + b64("Meet me at the station at noon."))
    assert "Meet me at the station at noon." in [view.text for view in prepared.decoded]
    assert sum(len(view.text) for view in prepared.decoded) <= PreparationLimits().max_decoded_characters


HOSTILE = {
    "base64 line": "Ab3dEf9h" * 50_000,
    "base64 tokens": "Ab3dEf9hIjKlMn0pQ " * 22_000,
    "hex line": "0123456789abcdef" * 25_000,
    "percent": "%41" * 130_000,
    "references": "&#65;" * 80_000,
    "named references": "&eacute;" * 50_000,
    "ampersands": "&" * 400_000,
    "backslashes": "\\" * 400_000,
    "unicode escapes": "\\u0041" * 66_000,
    "base64 of base64": b64(b64(SENTENCE * 3_300)),
    "base32": base64.b32encode((SENTENCE * 3_700).encode()).decode(),
    "spaced": "a b c d " * 50_000,
    "spaced words": "p l e a s e   " * 28_000,
    "leet": "pl34s3 r34d 7h1s " * 23_000,
    "hex pairs": "69 67 6e 6f 72 65 20 " * 19_000,
    "rot13": codecs.encode(SENTENCE, "rot13") * 6_000,
    "reversed": (SENTENCE * 6_000)[::-1],
    "tags": "".join(chr(0xE0000 + ord(char)) for char in SENTENCE) * 1_500,
    "small blobs": (b64(SENTENCE) + " ") * 4_000,
    "quotes": '"' * 400_000,
    "angles": "<" * 400_000,
    "urls": "http://" * 57_000,
    "digits": "1234567890" * 40_000,
    "mixed scripts": "аa" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_little_more_than_prose(name: str) -> None:
    started = time.process_time()
    prepared = prepare(HOSTILE[name])
    assert time.process_time() - started < 1.0
    assert len(prepared.decoded) <= PreparationLimits().max_views
    assert sum(len(view.text) for view in prepared.decoded) <= PreparationLimits().max_decoded_characters


@given(st.text(alphabet=st.characters(exclude_categories=())), st.sampled_from(list(PartKind)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_prepared(text: str, kind: PartKind) -> None:
    prepared = prepare(text, kind)
    assert prepared.raw.text == text or kind is PartKind.JSON
    for span in prepared.hidden_spans:
        assert 0 <= span.start < span.end <= len(text)


@given(st.binary(max_size=200), st.sampled_from([b64, bytes.hex, lambda data: base64.b32encode(data).decode()]))
@settings(max_examples=300, deadline=None)
def test_encoded_noise_yields_no_views(data: bytes, encode) -> None:
    assert all(Encoding.SPELLING in view.encodings or view.text.isprintable() for view in prepare(encode(data)).decoded)
