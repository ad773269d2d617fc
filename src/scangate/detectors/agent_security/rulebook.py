"""Patterns in YAML: signs of an attack on an agent by where they stand, with the examples that prove each rule.

A pattern is google-re2 over case-folded text. Places: `declaration` (what a tool says of itself), `document` (a declaration's whole JSON),
`result` (what a tool returned), `argument` (one value of a call, whose key matches `keys`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Final

import re2
from pydantic import BaseModel, ConfigDict, Field, model_validator

from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence, Severity, Threat
from scangate.errors import ConfigurationError
from scangate.matching.documents import read_yaml
from scangate.matching.patterns import EncodedText, Family, PatternSet

MAX_MATCHES: Final = 20
"""Places of one rule in one text that are kept."""
_PACKAGE: Final = "scangate.detectors.agent_security"


class Place(StrEnum):
    DECLARATION = "declaration"
    DOCUMENT = "document"
    RESULT = "result"
    ARGUMENT = "argument"


class Rule(BaseModel):
    """One rule as it stands in a file. The examples are part of it: a rule without them is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
    title: str
    place: Place
    keys: str = ""
    severity: Severity
    confidence: Confidence
    """high: enough by itself. medium: counts where the guard model finds the same stretch suspicious."""
    category: Annotated[str, Field(pattern=r"^tools-[a-z-]+$")]
    """`category_type` of the report's `agent_patterns`."""
    threats: tuple[Threat, ...]
    pattern: str
    reference: Annotated[str, Field(pattern=r"^https://")]
    matches: Annotated[tuple[str, ...], Field(min_length=2)]
    benign: Annotated[tuple[str, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _keys_of_arguments(self) -> Rule:
        if (self.place is Place.ARGUMENT) != bool(self.keys):
            raise ValueError("rules for arguments have keys, others have none")
        return self


class Rules:
    """The rules of one place, compiled. Immutable, safe to use from several threads.

    Raises:
        ConfigurationError: a pattern that re2 refuses.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._patterns = PatternSet([rule.pattern for rule in rules], [Family.PHRASES] * len(rules))
        self._keys = [_compiled(rule.keys) if rule.keys else None for rule in rules]

    def hits(self, text: str, key: str = "") -> Iterator[tuple[Rule, Span]]:
        """Rules that hold, with each place in the case-folded `text`; with `key` only those for values under it."""
        encoded = EncodedText(text)
        name = key.encode("utf-8", "surrogatepass")
        for index in self._patterns.matching(encoded):
            keys = self._keys[index]
            if keys is not None and keys.search(name) is None:
                continue
            matches = self._patterns.matches(index, encoded)
            for _ in range(MAX_MATCHES):
                match = matches.next()
                if match is None:
                    break
                yield self.rules[index], Span(match.start, match.end)


RuleBook = dict[Place, Rules]


def load_rules() -> RuleBook:
    """The rule files of this package.

    Raises:
        ConfigurationError: a file that does not say what a rule must say, two rules with one id, or a pattern that re2 refuses.
    """
    rules: list[Rule] = []
    for entry in sorted((files(_PACKAGE) / "rules").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            try:
                rules += [Rule.model_validate(document) for document in read_yaml(entry.read_text("utf-8"))]
            except (ValueError, TypeError) as error:  # of the parser or of pydantic
                raise ConfigurationError(f"rules of agent_security, {entry.name}: {error}") from None
    if len({rule.id for rule in rules}) != len(rules):
        raise ConfigurationError("two rules of agent_security have the same id")
    return {place: Rules([rule for rule in rules if rule.place is place]) for place in Place}


def _compiled(expression: str) -> re2._Regexp:
    try:
        return re2.compile(expression.encode())
    except re2.error:
        raise ConfigurationError(f"keys {expression!r} are not valid re2 syntax") from None
