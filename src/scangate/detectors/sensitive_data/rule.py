"""What a rule is: the YAML documents below `rules/`, validated. Nothing is compiled here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scangate.domain.taxonomy import Confidence, Severity
from scangate.errors import ConfigurationError
from scangate.matching.documents import read_yaml
from scangate.matching.patterns import Family

SPLIT_MARK: Final = "¦"
"""Removed from examples: it keeps made-up tokens from looking real to the secret scanners of code hosts."""

RANK: Final[Mapping[Confidence, int]] = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2}

Language = Literal["en", "es", "ru", "de", "fr", "ja", "pt", "it", "zh"]
Words = Mapping[Language, tuple[str, ...]]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class DataCategory(StrEnum):
    """What data profiles select by."""

    PAYMENT_CARD = "payment_card"
    BANK = "bank"
    NATIONAL_ID = "national_id"
    TAX_ID = "tax_id"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    HEALTH = "health"
    CONTACT = "contact"
    PERSONAL = "personal"
    NETWORK = "network"
    SECRET = "secret"  # noqa: S105
    CREDENTIAL = "credential"
    CRYPTO = "crypto"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ladder(_Document):
    """How sure a match is by what speaks for it; null means that it is not reported at all.

    With `alone` given, `hint` follows it where it is not given itself; with `alone` null, so do `checksum`, and `both` follows
    `context`: nothing but a word near makes such a rule report.
    """

    alone: Confidence | None = Confidence.LOW
    hint: Confidence | None = Confidence.LOW
    context: Confidence | None = Confidence.MEDIUM
    checksum: Confidence | None = Confidence.MEDIUM
    both: Confidence | None = Confidence.HIGH

    @model_validator(mode="before")
    @classmethod
    def _dependent_defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "alone" not in data:
            return data
        if data["alone"] is not None:
            return {"hint": data["alone"]} | data
        return {"hint": None, "checksum": None, "both": data.get("context")} | data

    def level(self, *, proven: bool, context: bool, hint: bool) -> Confidence | None:
        if context:
            return self.both if proven else self.context
        if not proven:
            return self.hint if hint else self.alone
        return self.checksum if self.checksum is not None or not hint else self.hint


class Examples(_Document):
    """`match`: the rule must report it at medium or high; `low`: it reports it at low; `benign`: not at medium or high."""

    match: Annotated[tuple[str, ...], Field(min_length=2)]
    benign: Annotated[tuple[str, ...], Field(min_length=2)]
    low: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_marks(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: [str(text).replace(SPLIT_MARK, "") for text in texts] for key, texts in data.items()}


class Rule(_Document):
    """One way to recognise one kind of data. Several rules may share a `name`: users see one data pattern."""

    id: Slug
    name: str
    """The data pattern's name as reports show it."""
    title: str
    category: DataCategory
    severity: Severity
    patterns: Annotated[tuple[str, ...], Field(min_length=1)]
    """re2 syntax; the first capturing group, if any, is the value."""
    family: Family = Family.NUMBERS
    validator: str = ""
    proves: bool = True
    """Whether the validator's success counts as a checksum, or merely as well-formed."""
    edges: Literal["number", "digits", "address", "token", "none"] = "number"
    """What may stand directly before and after the value: see `edges.py`."""
    case: Literal["exact", "folds"] = "folds"
    """`folds` rules also run on the folded view, where all letters are lower case."""
    context: Words = {}
    vocabularies: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Words that make a word of the vocabularies mean this rule's number: `polish` beside `passport`. Where they are given, a
    vocabulary alone does not count as context, and neither do they; the rule's own context words do as ever."""
    hints: tuple[str, ...] = ()
    confidence: Ladder = Ladder()
    suppressors: tuple[str, ...] = ()
    specificity: Annotated[int, Field(ge=0, le=100)] = 50
    """Which of two rules keeps a span that both claim with the same confidence: the higher."""
    version: int = 1
    examples: Examples

    @property
    def best_without_words(self) -> int:
        """The rank of what a match can reach with no word near it; -1 when it is not reported."""
        reachable = [self.confidence.alone]
        if self.validator and self.proves:
            reachable.append(self.confidence.checksum)
        return max(RANK[level] if level else -1 for level in reachable)


class RuleFile(_Document):
    """`defaults` are merged below every rule of the file."""

    defaults: Mapping[str, Any] = {}
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _merge_defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
            return data
        defaults = data.get("defaults") or {}
        return {"rules": [defaults | rule if isinstance(rule, dict) else rule for rule in data["rules"]]}


def parse_rules(document: str, origin: str) -> tuple[Rule, ...]:
    """The rules of one YAML document.

    Raises:
        ConfigurationError: not YAML, an unknown field, a rule without its examples; says where.
    """
    try:
        data = read_yaml(document)
    except ValueError as error:
        raise ConfigurationError(f"{origin} is not valid YAML: {error}") from None
    try:
        return RuleFile.model_validate(data).rules
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ConfigurationError(f"{origin}: {place}: {first['msg']}") from None


def parse_vocabularies(document: str) -> dict[str, frozenset[str]]:
    """Vocabulary name to its words of all languages.

    Raises:
        ConfigurationError: not the expected shape.
    """
    data = read_yaml(document)
    if not isinstance(data, dict) or not all(isinstance(languages, dict) for languages in data.values()):
        raise ConfigurationError("vocabularies.yaml: expected a mapping of names to languages")
    return {name: frozenset(str(word) for words in languages.values() for word in words) for name, languages in data.items()}


def _rules_folder() -> Traversable:
    return files(__package__).joinpath("rules")


def load_rules() -> tuple[Rule, ...]:
    """All rules that ship with the package, in file order."""

    def documents() -> Iterator[Rule]:
        for entry in sorted(_rules_folder().iterdir(), key=lambda item: item.name):
            if entry.name.endswith(".yaml") and entry.name != "vocabularies.yaml":
                yield from parse_rules(entry.read_text(encoding="utf-8"), f"rules/{entry.name}")

    return tuple(documents())


def load_vocabularies() -> dict[str, frozenset[str]]:
    return parse_vocabularies(_rules_folder().joinpath("vocabularies.yaml").read_text(encoding="utf-8"))
