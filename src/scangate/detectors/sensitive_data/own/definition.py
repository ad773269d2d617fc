"""The document of a tenant's own data profile: patterns, an allow-list, and up to two rules over them.

One class per JSON object, for API, command line, database and detector alike. Values of exact data and the texts behind fingerprints are no
part of it: they are imported, and only keyed hashes of them are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scangate.detectors.sensitive_data.own.expressions import EXPRESSION_MAX, Expression, ExpressionSet
from scangate.detectors.sensitive_data.rule import DataCategory
from scangate.domain.profile import document_path
from scangate.domain.taxonomy import Confidence, Severity
from scangate.errors import RequestInvalidError

NAME_MAX: Final = 100
DESCRIPTION_MAX: Final = 1000
PATTERNS_MAX: Final = 50
EXPRESSIONS_MAX: Final = 50
KEYWORDS_MAX: Final = 10_000
"""Of all patterns together."""
KEYWORD_MAX: Final = 200
NEAR_MAX: Final = 100
"""Keywords of a pattern that make its matches sure."""
ALLOWED_MAX: Final = 1000
DISTANCE_MAX: Final = 2000
COUNT_MAX: Final = 10_000

_SERVER_OWNED: Final = frozenset(
    {"data_profile_id", "tsg_id", "revision", "type", "created_by", "updated_by", "created_ts", "last_modified_ts", "imported"}
)
"""What the server says of a profile: a document may be sent back as it was read."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX, pattern=r"\S")]
Keyword = Annotated[str, Field(min_length=2, max_length=KEYWORD_MAX, pattern=r"[^\s*]")]
Distance = Annotated[int, Field(ge=1, le=DISTANCE_MAX)]
Count = Annotated[int, Field(ge=1, le=COUNT_MAX)]


class _Pattern(_Document):
    """`proximity_keywords`: where there are any, a match with one of them within `proximity_distance` characters has high confidence
    and one without has low confidence; where there are none, every match has high confidence."""

    name: Name
    proximity_keywords: Annotated[tuple[Keyword, ...], Field(max_length=NEAR_MAX)] = ()
    proximity_distance: Distance = 200


class WeightedExpression(_Document):
    """An expression in re2's syntax. A negative weight speaks against what it matches."""

    regex: Annotated[str, Field(min_length=1, max_length=EXPRESSION_MAX)]
    weight: Annotated[int, Field(ge=-100, le=100)] = 1

    @field_validator("weight")
    @classmethod
    def _not_zero(cls, value: int) -> int:
        if value == 0:
            raise ValueError("a weight of 0 says nothing")
        return value


class ExpressionPattern(_Pattern):
    """What an expression matches, where the weights of all expressions that match at that place reach `threshold` together."""

    type: Literal["regex"]
    regexes: Annotated[tuple[WeightedExpression, ...], Field(min_length=1, max_length=EXPRESSIONS_MAX)]
    threshold: Annotated[int, Field(ge=1, le=1000)] = 1
    case_sensitive: bool = True

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for number, each in enumerate(self.regexes):
            try:
                Expression(each.regex, case_sensitive=self.case_sensitive)
            except ValueError as error:
                raise ValueError(f"regexes[{number}]: {error}") from None
        if sum(each.weight for each in self.regexes if each.weight > 0) < self.threshold:
            raise ValueError("the positive weights do not reach the threshold together: nothing would ever match")
        return self


class KeywordPattern(_Pattern):
    """Words and phrases, whole and ignoring case; `*` at the end makes a stem. `minimum_keywords`: so many different ones within
    `proximity_distance` characters make a match of each of them."""

    type: Literal["keywords"]
    keywords: Annotated[tuple[Keyword, ...], Field(min_length=1, max_length=KEYWORDS_MAX)]
    minimum_keywords: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.minimum_keywords > len(set(self.keywords)):
            raise ValueError("minimum_keywords: there are fewer different keywords")
        return self


class ExactDataPattern(_Pattern):
    """The values of a column that is imported."""

    type: Literal["exact_data"]


class FingerprintPattern(_Document):
    """Texts that repeat an imported document. The share that overlaps is the confidence: high from 0.5 on, medium from 0.25 on, low
    from `minimum_overlap` on."""

    type: Literal["fingerprint"]
    name: Name
    minimum_overlap: Annotated[float, Field(gt=0, le=1)] = 0.1


Pattern = Annotated[
    ExpressionPattern | KeywordPattern | ExactDataPattern | FingerprintPattern,
    Field(discriminator="type"),
]


class AllowList(_Document):
    """Matches that do not count: by value (ignoring case and punctuation), or where an expression covers the whole of them."""

    values: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=KEYWORD_MAX)], ...], Field(max_length=ALLOWED_MAX)] = ()
    regexes: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=EXPRESSION_MAX)], ...], Field(max_length=EXPRESSIONS_MAX)
    ] = ()

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for number, text in enumerate(self.regexes):
            try:
                Expression(text)
            except ValueError as error:
                raise ValueError(f"regexes[{number}]: {error}") from None
        return self


class Condition(_Document):
    """So many matches of a pattern (one of this document, or a predefined one), or of all predefined patterns of a category, that are
    at least so sure. `minimum_unique_count` counts equal values once; `maximum_count` makes it false again beyond."""

    pattern: Name | None = None
    category: DataCategory | None = None
    confidence: Confidence = Confidence.MEDIUM
    minimum_count: Count = 1
    minimum_unique_count: Count = 1
    maximum_count: Count | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.pattern is None) == (self.category is None):
            raise ValueError("name a pattern or a category, one of the two")
        if self.maximum_count is not None and self.maximum_count < max(self.minimum_count, self.minimum_unique_count):
            raise ValueError("maximum_count is below the minimum")
        return self


class Rule(_Document):
    """Matched where one of its conditions holds (`or`), or all of them (`and`)."""

    operator: Literal["or", "and"] = "or"
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=PATTERNS_MAX)]


class DataProfileDocument(_Document):
    """An own data profile. Without `rule1` any match of an own pattern, from medium confidence on, is enough."""

    data_profile_name: Name
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX)] = ""
    patterns: Annotated[tuple[Pattern, ...], Field(max_length=PATTERNS_MAX)] = ()
    allow_list: AllowList = AllowList()
    rule1: Rule | None = None
    rule2: Rule | None = None
    severity: Severity | None = Field(default=None, description="Of findings of own patterns; unset: medium.")

    @model_validator(mode="before")
    @classmethod
    def _without_what_the_server_says(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if name not in _SERVER_OWNED}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [pattern.name for pattern in self.patterns]
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            raise ValueError(f"two patterns are called {twice!r}")
        if not self.patterns and self.rule1 is None:
            raise ValueError("there is nothing to look for: give patterns, or a rule1 over predefined ones")
        words = sum(len(pattern.keywords) for pattern in self.patterns if isinstance(pattern, KeywordPattern))
        if words > KEYWORDS_MAX:
            raise ValueError(f"at most {KEYWORDS_MAX} keywords in a data profile, not {words}")
        ExpressionSet(list(self.expressions()))
        return self

    def expressions(self) -> Iterator[Expression]:
        """Those of all patterns, in order."""
        for pattern in self.patterns:
            if isinstance(pattern, ExpressionPattern):
                for each in pattern.regexes:
                    yield Expression(each.regex, case_sensitive=pattern.case_sensitive)

    @property
    def rules(self) -> tuple[Rule | None, Rule | None]:
        """Rule 1 as it is meant, and rule 2."""
        if self.rule1 is not None:
            return self.rule1, self.rule2
        return Rule(conditions=tuple(Condition(pattern=pattern.name) for pattern in self.patterns)), self.rule2

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """`(path, condition)` of both rules as they are written."""
        for name, rule in (("rule1", self.rule1), ("rule2", self.rule2)):
            for number, condition in enumerate(rule.conditions if rule else ()):
                yield f"{name}.conditions[{number}]", condition

    def pattern(self, name: str) -> Pattern | None:
        return next((pattern for pattern in self.patterns if pattern.name == name), None)


def parse_document(document: object, predefined: Collection[str]) -> DataProfileDocument:
    """
    Args:
        predefined: names of the predefined patterns that conditions may name.

    Raises:
        RequestInvalidError: with the path to the first fault.
    """
    try:
        parsed = DataProfileDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path, message = document_path(_without_tags(first["loc"])), first["msg"].removeprefix("Value error, ")
        raise RequestInvalidError(f"{path}: {message}" if path else message) from None
    own = {pattern.name for pattern in parsed.patterns}
    for name in sorted(own):
        if name in predefined:
            raise RequestInvalidError(f"patterns: {name!r} is the name of a predefined pattern")
    for path, condition in parsed.conditions():
        if condition.pattern is not None and condition.pattern not in own and condition.pattern not in predefined:
            raise RequestInvalidError(
                f"{path}.pattern: no pattern {condition.pattern!r}, neither here nor among the predefined ones"
            )
    return parsed


def _without_tags(location: Iterable[int | str]) -> list[int | str]:
    """pydantic puts the pattern's type behind its number."""
    steps = list(location)
    if len(steps) > 2 and steps[0] == "patterns" and isinstance(steps[1], int):
        del steps[2]
    return steps


def dump_document(document: DataProfileDocument) -> dict[str, Any]:
    """As it is stored and sent: what was not said is absent."""
    return document.model_dump(mode="json", exclude_unset=True)
