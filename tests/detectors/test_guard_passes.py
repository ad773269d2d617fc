"""The passes that detectors share: made once, over short texts whole, over long ones where somebody is suspicious."""

from __future__ import annotations

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import ALL_WINDOWS, guard_readings, shared_guard
from scangate.domain.content import Part
from scangate.domain.taxonomy import PartKind, Side
from scangate.matching.prepare import prepare

RESOURCES = Resources()
SENTENCE = "The delivery is late; please call the supplier before Thursday. "


def subject(text: str) -> Subject:
    return Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text))


def test_readings_and_scores_are_made_once_for_all_who_ask() -> None:
    asked = subject(SENTENCE)
    model = shared_guard(RESOURCES)
    (reading,) = guard_readings(asked, model)
    assert guard_readings(asked, model)[0] is reading
    first = reading.scores(asked.checkpoint)
    assert [scores for _, scores in reading.scores(asked.checkpoint)] == [scores for _, scores in first]
    assert len(reading.windows) == 1 and reading.span(reading.windows[0]).end == len(SENTENCE.rstrip())


def test_a_long_text_is_looked_at_at_its_edges_in_between_and_where_one_is_suspicious() -> None:
    text = SENTENCE * 400
    (reading,) = guard_readings(subject(text), shared_guard(RESOURCES))
    count = len(reading.windows)
    assert count > ALL_WINDOWS and len(reading.chosen) < ALL_WINDOWS
    assert {0, 1, count - 2, count - 1} <= set(reading.chosen)
    unseen = next(index for index in range(count) if index not in reading.chosen)
    window = reading.windows[unseen]
    middle = (window.start + window.end) // 2
    looked_at = [window for window, _ in reading.scores(lambda: None, [(middle, middle + 1)])]
    assert len(looked_at) == len(reading.chosen) + 1
    assert any(window.start <= middle < window.end for window in looked_at)


def test_every_short_reading_is_looked_at_whole() -> None:
    text = SENTENCE * 20
    (reading,) = guard_readings(subject(text), shared_guard(RESOURCES))
    assert list(reading.chosen) == list(range(len(reading.windows)))


def test_what_is_repeated_is_passed_once() -> None:
    line = "Please call the supplier. " * 3 + "\n"
    (reading,) = guard_readings(subject(line * 40), shared_guard(RESOURCES))
    passes: list[None] = []
    scored = reading.scores(lambda: passes.append(None))
    texts = [reading.reading.text[window.start : window.end] for window, _ in scored]
    assert len(passes) == len(set(texts)) < len(texts)
    assert all(
        scores == dict(zip(texts, (one for _, one in scored), strict=True))[text]
        for text, (_, scores) in zip(texts, scored, strict=True)
    )
