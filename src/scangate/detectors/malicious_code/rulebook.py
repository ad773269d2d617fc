"""Rules in YAML, matched by yara-x: what is evidence of malicious code, how much of it, and which examples prove the rule.

A rule's `strings` and `condition` are those of YARA, over one byte a character (so that offsets are code points); patterns ignore
case where they say so (`nocase`). The loader refuses a rule without two matching and two benign examples; a test runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from threading import local
from time import thread_time
from typing import Annotated, Final

import re2
import yara_x
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.malicious_code.compiled import compiled
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence, Severity
from scangate.errors import ConfigurationError, DeadlineExceededError
from scangate.matching.code_lines import latin1
from scangate.matching.documents import read_yaml

MAX_MATCHES: Final = 200
"""Places of one pattern that are kept."""
WINDOW: Final = 1 << 16
"""Bytes that are scanned at once. Of a longer text each window is scanned by itself, so that what a rule wants must stand within one."""
OVERLAP: Final = 1 << 12
MAX_SECONDS: Final = 2
"""For one window, which takes some tens of milliseconds. yara-x counts whole seconds."""
_BLANKS: Final = re2.compile(rb"[ \t\r\n]{120,}", options=latin1())
_PACKAGE: Final = "scangate.detectors.malicious_code"


class Kind(StrEnum):
    """Which of the report's verdicts a rule speaks for."""

    SCRIPT = "script"
    """A script or a command that does harm."""
    INJECTION = "injection"
    """A command smuggled into an argument."""
    HIDING = "hiding"
    """Ways to hide what code does. Alone it is no evidence of harm, but a reason to look behind it."""


class RuleModel(BaseModel):
    """One rule as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    """`family.name`. Of the weak rules of one family only the strongest counts."""
    title: str
    kind: Kind = Kind.SCRIPT
    severity: Severity
    confidence: Confidence
    """high: enough by itself. medium: half of what is needed. low: a quarter."""
    dual_use: bool = False
    """Administrators, testers and teachers write it too: counts for nothing in a text that is plainly about the subject."""
    languages: tuple[str, ...] = ()
    """Counts only in these (and where the language cannot be told); empty: in all."""
    reference: Annotated[str, Field(pattern=r"^https://")]
    strings: str
    condition: str
    matches: Annotated[tuple[str, ...], Field(min_length=2)]
    benign: Annotated[tuple[str, ...], Field(min_length=2)]

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    @property
    def yara(self) -> str:
        return f"rule {self.id.replace('.', '__')} {{ strings: {self.strings} condition: {self.condition} }}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds for a text, and what its patterns cover (the first place of each that counts)."""

    rule: RuleModel
    span: Span


class RuleBook:
    """All rules, compiled. Immutable, safe to use from several threads."""

    def __init__(self, models: list[RuleModel], data_dir: Path | None = None) -> None:
        self.rules = {model.id.replace(".", "__"): model for model in models}
        if len(self.rules) != len(models):
            raise ConfigurationError("two rules of malicious_code have the same id")
        self._compiled = compiled({model.id: model.yara for model in models}, data_dir)
        self._scanners = local()

    def hits(self, data: bytes, checkpoint: Callable[[], None] = lambda: None) -> list[Hit]:
        """The rules that hold. Linear in the data; at most `MAX_MATCHES` places a pattern and window.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`, which is called between windows; or one window took `MAX_SECONDS`.
        """
        # patterns that skip blanks would try every one of a long run as their beginning
        calm = _BLANKS.sub(lambda run: b"\n" + b"\0" * (len(run.group()) - 1), data)
        found: dict[str, Hit] = {}
        for start, end in _windows(len(calm)):
            if start:
                checkpoint()
            for rule in self._matching(calm[start:end], checkpoint):
                if rule.identifier not in found:
                    found[rule.identifier] = Hit(self.rules[rule.identifier], _span(rule, start))
        return list(found.values())

    def _matching(self, window: bytes, checkpoint: Callable[[], None]) -> tuple[yara_x.Rule, ...]:
        started = thread_time()
        while True:
            try:
                return self._scanner.scan(window).matching_rules
            except yara_x.TimeoutError:
                # it counts the time of the clock: on a crowded machine an honest window gets another try
                if thread_time() - started >= MAX_SECONDS:
                    raise DeadlineExceededError("rules of malicious_code took too long on one window") from None
                checkpoint()

    @property
    def _scanner(self) -> yara_x.Scanner:
        # a scanner belongs to its thread; making one costs twenty times as much as a scan of a short text
        scanner = getattr(self._scanners, "scanner", None)
        if scanner is None:
            scanner = yara_x.Scanner(self._compiled)
            scanner.max_matches_per_pattern(MAX_MATCHES)
            scanner.set_timeout(MAX_SECONDS)
            self._scanners.scanner = scanner
        return scanner


def _windows(length: int) -> Iterator[tuple[int, int]]:
    """Of equal length, each beginning `OVERLAP` before the end of the last: a short one would please rules on short files."""
    count = 1 if length <= WINDOW else -(-(length - OVERLAP) // (WINDOW - OVERLAP))
    step = -(-(length - OVERLAP) // count) if count > 1 else length
    for number in range(count):
        yield number * step, min(length, (number + 1) * step + OVERLAP)


def _span(rule: yara_x.Rule, shift: int) -> Span:
    places = [
        (shift + match.offset, shift + match.offset + match.length)
        for pattern in rule.patterns
        for match in list(pattern.matches)[:1]
    ]
    return Span(min((start for start, _ in places), default=0), max((end for _, end in places), default=0))


def load_rules(data_dir: Path | None = None) -> RuleBook:
    """The rule files of this package; compiled ones are kept in `data_dir`.

    Raises:
        ConfigurationError: a file that does not say what a rule must say, or a pattern that yara-x refuses.
    """
    models: list[RuleModel] = []
    for entry in sorted((files(_PACKAGE) / "rules").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            models.extend(_models(entry.name, entry.read_text("utf-8")))
    return RuleBook(models, data_dir)


def _models(name: str, text: str) -> list[RuleModel]:
    try:
        return [RuleModel.model_validate(document) for document in read_yaml(text)]
    except (ValueError, TypeError) as error:  # of the parser or of pydantic
        raise ConfigurationError(f"rules of malicious_code, {name}: {error}") from None
