"""What every detector is made of. A new detector is a folder with these parts and one line in `registry.py`.

options.py    frozen pydantic model, every field described; `from_protections` reads it from a profile (None: switched off)
detector.py   `compile_…(options, resources)` does all parsing and compiling; `detect(subject)` is pure and synchronous
report.py     the `result_detail` of the report row, in the documented shape
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from scangate.domain.content import Part, Span
from scangate.domain.finding import Finding
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side
from scangate.matching.code_blocks import CodeBlock, code_blocks_of
from scangate.matching.views import PreparedText

JsonObject = dict[str, Any]
T = TypeVar("T")


def _no_deadline() -> None:
    return None


class Memo:
    """What the detectors of one scan work out once for a part, such as the passes of a model that several of them read."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def once(self, key: str, make: Callable[[], T]) -> T:
        """`make()` for the first who asks; the same object for everyone after."""
        if key not in self._kept:
            self._kept[key] = make()
        value: T = self._kept[key]
        return value


@dataclass(frozen=True, slots=True)
class Subject:
    """What a detector reads: one part, its views, the conversation before it.

    `checkpoint()` raises DeadlineExceededError once the profile's time is up; a detector calls it between units of work that may
    take more than about ten milliseconds (per view, per window, per 100 candidates) and lets the exception pass.
    """

    part: Part
    text: PreparedText
    history: tuple[Part, ...] = ()
    grounding_context: str | None = None
    checkpoint: Callable[[], None] = _no_deadline
    memo: Memo = field(default_factory=Memo)
    question: str = ""
    """What a response answers: the prompt of its element, or the last one before it; "" where there is none."""

    def code_blocks(self) -> tuple[CodeBlock, ...]:
        """Blocks of code in the raw view, found once for all detectors of a scan."""
        return self.memo.once("code_blocks", lambda: code_blocks_of(self.text))


class CompiledDetector(Protocol):
    """Immutable and safe to call from several threads at once."""

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """Findings with spans in code points of `subject.part.text`. No IO, no clock, no logging of content.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        ...


@runtime_checkable
class Scoring(Protocol):
    """A compiled detector that can say how likely a text is what it looks for, and not only what reaches a threshold.

    Optional and for evaluation only (`scangate eval`): no scan calls it.
    """

    def score(self, subject: Subject) -> float:
        """In [0, 1], continuous, higher for more likely. Pure, as `detect` is.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        ...


@dataclass(slots=True)
class Resources:
    """What detectors may need at compile time. Heavy things are loaded once a process and shared by all profiles."""

    data_dir: Path | None = None
    """Where `scangate feeds import` and the like keep their files; None in `scangate scan` without a server."""
    max_urls: int = 100
    """Distinct URLs of a text that are looked up."""
    own_models: Mapping[str, Path] = field(default_factory=dict)
    """Folders of the user's models, by the head of the guard that each replaces."""
    _shared: dict[str, Any] = field(default_factory=dict)
    _locks: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    def shared(self, key: str, load: Callable[[], T]) -> T:
        """`load()` once per key, the same object for every later call; different keys are loaded side by side."""
        if key not in self._shared:
            with self._locks[key]:
                if key not in self._shared:
                    self._shared[key] = load()
        value: T = self._shared[key]
        return value


O = TypeVar("O", bound=BaseModel)  # noqa: E741 - options


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a report row may quote: the parts of the row's side, aligned with the findings per part."""

    parts: tuple[Part, ...]
    scan_id: str = ""
    agent_framework: str = ""
    """As the application names it; "" where it names none."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a detector tells apart: the names, and those among a part's findings.

    `of` names what is there, flagged or not: a read that a profile lets pass is a read.
    """

    names: tuple[str, ...]
    of: Callable[[Sequence[Finding]], frozenset[str]]
    prefix: str = ""
    """What labels may write before a name."""


class Entity(NamedTuple):
    """A place in a text and what stands there: a group of the detector's own, so that data sets may name it as they like."""

    group: str
    span: Span


@dataclass(frozen=True, slots=True)
class Entities:
    """For rows labelled with spans: which entity types are in scope, and what places a part's findings are, flagged or not."""

    group_of_type: Callable[[str], str | None]
    of: Callable[[Sequence[Finding]], Iterable[Entity]]


@dataclass(frozen=True, slots=True)
class DetectorSpec(Generic[O]):
    """The registry's line for one detector."""

    name: DetectorName
    flag: Flag
    service: Service
    sides: frozenset[Side]
    options: type[O]
    from_protections: Callable[[Protections], O | None]
    compile: Callable[[O, Resources], CompiledDetector]
    report: Callable[[O, Sequence[Sequence[Finding]], ReportContext], JsonObject]
    """(options, findings per part, context) to `result_detail`; called for benign rows too, with no findings."""
    kinds: Kinds | None = None
    entities: Entities | None = None
    """For evaluation only: what rows of this detector may be labelled with beside yes and no."""
    row_protection: Callable[[Mapping[str, Any]], JsonObject | None] | None = None
    """For evaluation only: the entry of `model-protection` that a labelled row brings with it, None where it brings none; ValueError says
    what is wrong with it."""
    details: Callable[[Sequence[Finding]], JsonObject] | None = None
    """The detector's share of `*_detection_details`, where it has one."""
    runs_model: bool = False
    """Its scans take tens of milliseconds outside of the interpreter lock: they belong on a thread, however short the text."""
