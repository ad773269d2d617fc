"""Which stretches of a context speak of a claim."""

from __future__ import annotations

import pytest

from scangate.detectors.contextual_grounding.passages import LETTERS, Passages
from scangate.detectors.contextual_grounding.terms import language_of, terms
from scangate.errors import DeadlineExceededError

from .conftest import nothing

FILLER = "The committee met again on a grey morning and talked about the weather. "
NEEDLE = "The reservoir at Calder Mill holds nine thousand cubic metres of water."


@pytest.mark.parametrize("place", [0, 57, 400])
def test_the_sentence_that_speaks_of_a_claim_is_in_the_best_passage(place: int) -> None:
    context = FILLER * place + NEEDLE + " " + FILLER * (400 - place)
    passages = Passages(context, nothing)
    best, *others = passages.best(passages.fits(terms("How much water does the reservoir of Calder Mill hold?")), 3)
    assert NEEDLE in passages.text(best) and len(passages.text(best)) <= LETTERS + len(NEEDLE)
    assert all(other.fit < best.fit and not other.span.overlaps(best.span) for other in others)


def test_chinese_and_japanese_passages_are_as_many_tokens_not_letters() -> None:
    passages = Passages("委员会又开了一次会，大家谈论天气。" * 100, nothing)
    (best, *_) = passages.best(passages.fits(terms("天气")), 2)
    assert 100 < len(passages.text(best)) < LETTERS / 2


@pytest.mark.parametrize("context", ["", " \n ", "。。。", "\x00\x01"])
def test_a_context_without_sentences_has_no_passages_to_speak_of(context: str) -> None:
    passages = Passages(context, nothing)
    assert len(passages.best(passages.fits(terms("anything")), 3)) <= len(passages.sentences) <= 1


def test_the_deadline_holds_while_a_context_is_read() -> None:
    def over() -> None:
        raise DeadlineExceededError

    with pytest.raises(DeadlineExceededError):
        Passages(FILLER * 300, over)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FILLER, "en"),
        ("El comité se reunió otra vez y habló del tiempo.", "es"),
        ("Der Ausschuss hat sich wieder getroffen und über das Wetter gesprochen.", "de"),
        ("Le comité s'est réuni de nouveau et a parlé du temps.", "fr"),
        ("Il comitato si è riunito di nuovo e ha parlato del tempo.", "it"),
        ("O comitê se reuniu de novo e falou sobre o tempo.", "pt"),
        ("Комитет снова собрался и говорил о погоде.", "ru"),
        ("委員会はまた集まって天気の話をしました。", "ja"),
        ("委员会又开了一次会，大家谈论天气。", "zh"),
        ("", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language
