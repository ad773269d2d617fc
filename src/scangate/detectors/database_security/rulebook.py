"""Rules in YAML for what is no SQL statement: other databases, object mappers, command lines, fragments of injection.

A rule names literal `needles` (one of them must occur for its patterns to run), patterns over bytes that ignore case (`~` stands for
a gap: spaces, comments, escapes), how far the statement reaches, where it may stand, and examples. The loader refuses a rule
without two matching and two benign examples; a test runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import groupby
from typing import Annotated, Final

import re2
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.database_security.checks import CHECKS, Reached
from scangate.detectors.database_security.context import Place, Spot, Surroundings
from scangate.detectors.database_security.effort import Effort
from scangate.detectors.database_security.patterns import GAP, REACH_BYTES, bytes_options, pattern
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement
from scangate.errors import ConfigurationError
from scangate.matching.documents import read_yaml

_MAX_TRIES: Final = 1000
"""Matches of one rule that are looked at, per reading."""
_GROUP: Final = 6
"""Rules of one automaton. Of many more, on text full of marks, nearly every byte would lead to a new state."""
_SET_MEMORY_BYTES: Final = 16 << 20


class Extent(StrEnum):
    """How far a statement reaches."""

    MATCH = "match"
    CALL = "call"
    """To the parenthesis that closes the last one of the match, and through calls chained to it."""
    BRACES = "braces"
    """To the brace that closes the first one of the match."""
    LINE = "line"
    STATEMENT = "statement"
    """To a semicolon, a blank line or the end of the string that it stands in."""


class Where(StrEnum):
    """Where a rule's statements may stand."""

    ANYWHERE = "anywhere"
    CODE = "code"
    """In code, in a string, on lines of their own, or as a whole value."""
    VALUE = "value"
    """As (the end of) a whole value: the whole text, a JSON value, a string, a line."""


_MINIMUM: Final = {Where.ANYWHERE: Place.INLINE, Where.CODE: Place.INLINE_CODE, Where.VALUE: Place.LINE}


class RuleModel(BaseModel):
    """One rule as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z]+(?:\.[a-z0-9-]+)+$")]
    title: str
    engine: str
    operation: Operation
    effect: Effect
    where: Where = Where.ANYWHERE
    extent: Extent = Extent.MATCH
    is_certain: bool = True
    is_fragment: bool = False
    """The pattern begins inside a string: a quote before it is its own, not that of a host language."""
    risks: tuple[str, ...] = ()
    needles: Annotated[tuple[str, ...], Field(min_length=1)]
    patterns: Annotated[tuple[str, ...], Field(min_length=1)]
    check: str | None = None
    matches: Annotated[tuple[str, ...], Field(min_length=2)]
    benign: Annotated[tuple[str, ...], Field(min_length=2)]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to run."""

    model: RuleModel
    expression: re2._Regexp
    check: Callable[[Reached], Reached | None] | None


class RuleBook:
    """All rules; immutable, safe to use from several threads."""

    __slots__ = ("_groups", "_needles", "_rules_of", "rules")

    def __init__(self, models: list[RuleModel]) -> None:
        needles = sorted({needle.lower() for model in models for needle in model.needles})
        index = {needle: number for number, needle in enumerate(needles)}
        self._needles = re2.Set.SearchSet(bytes_options(_SET_MEMORY_BYTES))
        for needle in needles:
            self._needles.Add(re2.escape(needle).encode())
        self._needles.Compile()
        self.rules = tuple(_compile(model) for model in models)
        rules_of: list[list[int]] = [[] for _ in needles]
        for number, model in enumerate(models):
            for needle in model.needles:
                rules_of[index[needle.lower()]].append(number)
        self._rules_of = tuple(tuple(numbers) for numbers in rules_of)
        self._groups = tuple(_group(self.rules[at : at + _GROUP]) for at in range(0, len(self.rules), _GROUP))

    def find(self, reading: Reading, surroundings: Surroundings, effort: Effort) -> Iterator[Statement]:
        """Statements, rule by rule."""
        present = self._needles.Match(reading.data)
        if not present:
            return
        numbers = {number for needle in present for number in self._rules_of[needle]}
        for number in self._matching(reading.data, sorted(numbers), effort):
            effort.checkpoint()
            yield from _apply(self.rules[number], reading, surroundings, effort)

    def _matching(self, data: bytes, numbers: Sequence[int], effort: Effort) -> Iterator[int]:
        """Those of the rules that match: a pass over the text for each group, which costs no more than one for each rule."""
        for group, members in groupby(numbers, key=lambda number: number // _GROUP):
            effort.checkpoint()
            asked = list(members)
            if len(asked) == 1:
                yield asked[0]
                continue
            matched = self._groups[group].Match(data) or ()
            yield from sorted({group * _GROUP + index for index in matched}.intersection(asked))


def _group(rules: Sequence[Rule]) -> re2.Set:
    expressions = re2.Set.SearchSet(bytes_options(_SET_MEMORY_BYTES))
    for rule in rules:
        expressions.Add(rule.expression.pattern)
    expressions.Compile()
    return expressions


def load_rules() -> RuleBook:
    """The rule files of this package.

    Raises:
        ConfigurationError: a file that does not say what a rule must say.
    """
    models: list[RuleModel] = []
    folder = files("scangate.detectors.database_security") / "rules"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            models.extend(_models(entry.name, entry.read_text("utf-8")))
    return RuleBook(models)


def _models(name: str, text: str) -> list[RuleModel]:
    try:
        return [RuleModel.model_validate(document) for document in read_yaml(text)]
    except (ValueError, TypeError) as error:  # of the parser or of pydantic
        raise ConfigurationError(f"rules of database_security, {name}: {error}") from None


def _compile(model: RuleModel) -> Rule:
    alternatives = b"|".join(expression.encode().replace(b"~", GAP) for expression in model.patterns)
    if model.check is not None and model.check not in CHECKS:
        raise ConfigurationError(f"rule {model.id!r} names the unknown check {model.check!r}")
    check = CHECKS[model.check] if model.check else None
    return Rule(model, pattern(b"(?m)(?:" + alternatives + b")"), check)


def _apply(rule: Rule, reading: Reading, surroundings: Surroundings, effort: Effort) -> Iterator[Statement]:
    position = tries = 0
    while (match := rule.expression.search(reading.data, position)) is not None:
        begin, end = match.span()
        if not reading.is_new(begin, begin + REACH_BYTES):
            position = max(end, begin + 1)
            continue
        tries += 1
        if tries > _MAX_TRIES or not effort.begin():
            effort.is_incomplete = True
            return
        position = max(end, begin + 1)
        statement = _statement(rule, reading, surroundings, begin, end)
        if statement is not None:
            position = max(position, statement.end)
            yield statement


def _statement(rule: Rule, reading: Reading, surroundings: Surroundings, begin: int, end: int) -> Statement | None:
    model = rule.model
    begin += _leading_space(reading.flat, begin, end)
    spot = surroundings.spot(begin, in_host_string=not model.is_fragment)
    reach = _reach(reading.flat, begin, end, spot, model.extent)
    place = surroundings.place(spot, reach)
    if place < _MINIMUM[model.where]:
        return None
    text = reading.flat[begin:reach]
    reached = Reached(
        text,
        reading.flat[begin:end],
        model.operation,
        model.effect,
        model.risks,
        place,
        *_around(reading.flat, spot, begin, reach),
    )
    if rule.check is not None:
        checked = rule.check(reached)
        if checked is None:
            return None
        reached = checked
    return Statement(
        start=begin,
        end=reach,
        rule=model.id,
        operation=reached.operation,
        effect=reached.effect,
        engine=model.engine,
        risks=reached.risks,
        is_mention=spot.is_comment or surroundings.is_mention(begin, reach, place),
        is_certain=model.is_certain,
    )


def _around(flat: str, spot: Spot, begin: int, reach: int) -> tuple[str, str]:
    """What stands on the line before the hit, and what stands behind it."""
    return flat[max(spot.line_start, begin - 80) : begin], flat[reach : min(spot.limit, reach + 80)]


def _leading_space(flat: str, begin: int, end: int) -> int:
    text = flat[begin:end]
    return len(text) - len(text.lstrip())


def _reach(flat: str, begin: int, end: int, spot: Spot, extent: Extent) -> int:
    limit = max(end, min(spot.limit, begin + REACH_BYTES))
    if extent is Extent.CALL:
        return _call_end(flat, end, limit)
    if extent is Extent.BRACES:
        opening = flat.find("{", begin, limit)
        return max(end, _balanced(flat, opening, limit)) if opening >= 0 else end
    if extent is Extent.LINE:
        stop = flat.find("\n", end, limit)
        return _trimmed(flat, end, stop if stop >= 0 else limit)
    if extent is Extent.STATEMENT:
        stops = [at for mark in (";", "\n\n", "```", spot.closer) if mark and (at := flat.find(mark, end, limit)) >= 0]
        return _trimmed(flat, end, min(stops, default=limit))
    return end


def _trimmed(flat: str, low: int, high: int) -> int:
    while high > low and flat[high - 1] in " \t\r\n`":
        high -= 1
    return high


def _call_end(flat: str, end: int, limit: int) -> int:
    """Behind the call whose parenthesis is the last character before `end`, and behind `.sort(…).limit(…)`."""
    reach = _balanced(flat, end - 1, limit)
    for _ in range(8):
        at = reach
        while at < limit and flat[at] in " \t\r\n":
            at += 1
        opening = flat.find("(", at, min(limit, at + 40))
        if flat[at : at + 1] != "." or opening < 0 or not flat[at + 1 : opening].replace("_", "").isalnum():
            break
        reach = _balanced(flat, opening, limit)
    return reach


_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}


def _balanced(flat: str, opening: int, limit: int) -> int:
    """The offset behind the bracket that closes the one at `opening`; the limit of the line where none does."""
    depth = 0
    for at in range(opening, limit):
        char = flat[at]
        if char in _PAIRS:
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth <= 0:
                return at + 1
    stop = flat.find("\n", opening, limit)
    return stop if stop > opening else limit
