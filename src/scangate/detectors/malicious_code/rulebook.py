"""Rules in YAML, matched by yara-x: what is evidence of malicious code, how much of it, and which examples prove the rule.

A rule's `strings` and `condition` are those of YARA, over one byte a character (so that offsets are code points); patterns ignore
case where they say so (`nocase`). The loader refuses a rule without two matching and two benign examples; a test runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from threading import local
from typing import Annotated, Final

import re2
import yaml
import yara_x
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.detectors.malicious_code.compiled import compiled
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence, Severity
from scangate.errors import ConfigurationError
from scangate.matching.code_lines import latin1
from scangate.matching.documents import read_yaml

MAX_MATCHES: Final = 200
"""Places of one pattern that are kept."""
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

    def hits(self, data: bytes) -> list[Hit]:
        """The rules that hold. Linear in the data; at most `MAX_MATCHES` places a pattern."""
        # patterns that skip blanks would try every one of a long run as their beginning
        calm = _BLANKS.sub(lambda run: b"\n" + b"\0" * (len(run.group()) - 1), data)
        return [Hit(self.rules[found.identifier], _span(found)) for found in self._scanner.scan(calm).matching_rules]

    @property
    def _scanner(self) -> yara_x.Scanner:
        # a scanner belongs to its thread; making one costs twenty times as much as a scan of a short text
        scanner = getattr(self._scanners, "scanner", None)
        if scanner is None:
            scanner = yara_x.Scanner(self._compiled)
            scanner.max_matches_per_pattern(MAX_MATCHES)
            self._scanners.scanner = scanner
        return scanner


def _span(rule: yara_x.Rule) -> Span:
    places = [(match.offset, match.offset + match.length) for pattern in rule.patterns for match in list(pattern.matches)[:1]]
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
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise ConfigurationError(f"rules of malicious_code, {name}: {error}") from None
