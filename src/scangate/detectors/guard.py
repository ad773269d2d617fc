"""What the detectors that ask the guard model share: a part's readings, cut into windows, each window passed at most once.

Short texts are looked at whole. Of long ones the model sees both edges, stretches spread over the rest, and whatever the asking
detector's fast pass found suspicious; the fast pass itself sees everything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from scangate.detectors.contract import JsonObject, Resources, Subject
from scangate.domain.content import Part, Span
from scangate.inference.catalog import ModelFolder, open_folder
from scangate.inference.guard import GUARD_DIR, HEADS, GuardModel, Scores, Window
from scangate.inference.vocabulary import Vocabulary
from scangate.matching.language import is_supported
from scangate.matching.readings import Reading, readings

ALL_WINDOWS: Final = 12
"""A visible text of at most so many windows (about 5 KB) is looked at everywhere."""
EDGE_WINDOWS: Final = 2
SPREAD_WINDOWS: Final = 4
DECODED_READINGS: Final = 8
DECODED_WINDOWS: Final = 4
"""Of each decoded reading; what is decoded is short, or binary."""


@dataclass(frozen=True, slots=True)
class GuardReading:
    """A reading with its windows and what the guard said of those that were passed."""

    reading: Reading
    windows: tuple[Window, ...]
    chosen: tuple[int, ...]
    """Indices of the windows that every detector looks at."""
    model: GuardModel
    _scores: dict[str, Scores]
    """By the windows' text, for all readings of a part: what is repeated a thousand times is passed once."""

    def scores(self, checkpoint: Callable[[], None], suspected: Iterable[tuple[int, int]] = ()) -> list[tuple[Window, Scores]]:
        """Scores of the chosen windows and of those around the suspected stretches of the reading's text.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`, called before every pass.
        """
        wanted = sorted({*self.chosen, *(self._around(start, end) for start, end in suspected)})
        return [(self.windows[index], self._score(index, checkpoint)) for index in wanted]

    def _score(self, index: int, checkpoint: Callable[[], None]) -> Scores:
        window = self.windows[index]
        text = self.reading.text[window.start : window.end]
        if text not in self._scores:
            checkpoint()
            self._scores[text] = self.model.score(text)
        return self._scores[text]

    def _around(self, start: int, end: int) -> int:
        """The first window that holds the stretch's middle."""
        middle = (start + end) // 2
        return min(bisect_left(self.windows, middle + 1, key=lambda window: window.end), len(self.windows) - 1)

    def span(self, window: Window) -> Span:
        """In the raw part, without white space at the ends."""
        text = self.reading.text[window.start : window.end]
        start = window.start + len(text) - len(text.lstrip())
        end = max(start, window.start + len(text.rstrip()))
        return self.reading.offsets.to_raw(start, end)


def guard_readings(subject: Subject, model: GuardModel) -> tuple[GuardReading, ...]:
    """The subject's first readings, visible text first; made once for all detectors of a scan."""
    return subject.memo.once("guard", lambda: tuple(_readings(subject, model)))


def _readings(subject: Subject, model: GuardModel) -> Iterable[GuardReading]:
    scores: dict[str, Scores] = {}
    found = shared_readings(subject)
    visible = sum(reading.is_visible for reading in found)
    for reading in found[: visible + DECODED_READINGS]:
        subject.checkpoint()
        windows = tuple(model.windows(reading.text))
        yield GuardReading(reading, windows, _chosen(len(windows), decoded=not reading.is_visible), model, scores)


def shared_readings(subject: Subject) -> tuple[Reading, ...]:
    """All readings of the subject, made once for all detectors of a scan."""
    return subject.memo.once("readings", lambda: tuple(readings(subject.text)))


def _chosen(count: int, *, decoded: bool) -> tuple[int, ...]:
    if decoded:
        return tuple(range(min(count, DECODED_WINDOWS)))
    if count <= ALL_WINDOWS:
        return tuple(range(count))
    spread = np.linspace(EDGE_WINDOWS, count - 1 - EDGE_WINDOWS, SPREAD_WINDOWS).astype(int).tolist()
    return tuple(sorted({*range(EDGE_WINDOWS), *spread, *range(count - EDGE_WINDOWS, count)}))


def language_note(parts: Iterable[Part]) -> JsonObject:
    """What a report row says of texts that the guard was not trained for: they are scored, and found less surely."""
    return {"language_support": "unsupported"} if any(is_supported(part.text) is False for part in parts) else {}


def shared_guard(resources: Resources, directory: Path = GUARD_DIR) -> GuardModel:
    """The guard model, loaded once a process.

    Raises:
        ConfigurationError: a model file is missing, altered, or cannot be used.
    """
    return resources.shared(
        "guard",
        lambda: GuardModel(_shared_folder(resources, directory), _own_heads(resources), shared_vocabulary(resources, directory)),
    )


def shared_vocabulary(resources: Resources, directory: Path = GUARD_DIR) -> Vocabulary:
    """Tokenizer and word embeddings, loaded once a process for all of its models; the guard's own network stays where it is.

    Raises:
        ConfigurationError: a model file is missing, altered, or cannot be used.
    """
    return resources.shared("vocabulary", lambda: Vocabulary(_shared_folder(resources, directory)))


def _own_heads(resources: Resources) -> dict[str, Path]:
    """The user's models that take a head's place; others replace a model of another kind."""
    return {head: path for head, path in resources.own_models.items() if head in HEADS}


def _shared_folder(resources: Resources, directory: Path) -> ModelFolder:
    return resources.shared("guard.folder", lambda: open_folder(directory))
