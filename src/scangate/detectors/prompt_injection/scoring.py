"""Scores one reading of a text: what the linear model says of its windows and what the rules found there, in one logit.

Candidates are the windows that the linear model likes best and the surroundings of rule hits. A candidate's logit is
`bias + slope * linear + crowd * log(windows) + sum of the weights of the rule groups in it + dampers`; the weights stand in
weights.yaml, fitted by `training/linear`. A phrase that is quoted where the text talks about phrases or attacks is a mention: its
rules don't count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.prompt_injection.rules import RuleHit, RuleSet
from scangate.detectors.prompt_injection.windows import WHOLE, Windows, windows
from scangate.inference.linear import CollapsedText, Evidence, LinearModel, collapse

HEAD: Final = "injection"
_TOP_WINDOWS: Final = 8
_TOP_HIT_WINDOWS: Final = 24
_MARGIN: Final = 160
"""Characters around a rule hit that are judged with it."""
_MENTION_REACH: Final = 120
_QUOTE_REACH: Final = 240
_QUOTES: Final = (("«", "»"), ("“", "”"), ("「", "」"), ("『", "』"), ("‹", "›"), ("《", "》"))
_EVEN_QUOTES: Final = ('"', "`")

Ints = NDArray[np.int64]


class Weights(BaseModel):
    """The combination: logits. `high` and `medium` are the thresholds of the two reported confidences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: float
    slope: Annotated[float, Field(gt=0)]
    crowd: float
    mentioned: Annotated[float, Field(le=0)]
    talked_about: Annotated[float, Field(le=0)]
    hidden: Annotated[float, Field(ge=0)]
    high: float
    medium: float
    groups: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Features:
    """What the combination reads of one candidate. `groups` are the rule groups that hold in it, mentions left out."""

    linear: float
    crowd: float
    groups: frozenset[str]
    mentioned: bool
    talked_about: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch `[start, end)` in positions of the collapsed text, with its evidence."""

    start: int
    end: int
    features: Features
    hits: tuple[RuleHit, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its logit."""

    candidate: Candidate
    logit: float


class Scorer:
    """Rules, model and weights together. Immutable; safe to share between threads."""

    def __init__(self, rules: RuleSet, model: LinearModel, weights: Weights) -> None:
        self.rules = rules
        self.model = model
        self.weights = weights
        self._mention = rules.tag_bits["mention"]

    def candidates(self, text: CollapsedText, checkpoint: Callable[[], None]) -> list[Candidate]:
        """The stretches worth a judgement, at most a few dozen. Linear in the text."""
        evidence = self.model.evidence(text, checkpoint)[HEAD]
        checkpoint()
        tagged = self.rules.tag(text)
        checkpoint()
        hits = self.rules.hits(text, tagged)
        mentions = tagged.hits(self._mention)
        checkpoint()
        all_windows = windows(text)
        spans = _best_windows(evidence, all_windows)
        quoted: list[bool] = []
        if hits:
            spans = [*spans, *_hit_windows(text, hits)]
            string = text.string()
            quoted = [_is_quoted(string, hit) for hit in hits]
        crowd = float(np.log(len(all_windows)))
        linear = evidence.logits(np.array([span[0] for span in spans]), np.array([span[1] for span in spans]))
        return [
            _candidate(span, float(score), crowd, hits, quoted, mentions.starts)
            for span, score in zip(spans, linear, strict=True)
        ]

    def judge(self, folded: str, checkpoint: Callable[[], None]) -> tuple[CollapsedText, list[Judged]]:
        """Judge a folded text: every candidate that reaches the threshold of medium confidence, best first."""
        text = collapse(folded)
        judged = [Judged(candidate, self.logit(candidate.features)) for candidate in self.candidates(text, checkpoint)]
        return text, judged

    def logit(self, features: Features) -> float:
        weights = self.weights
        logit = weights.bias + weights.slope * features.linear + weights.crowd * features.crowd
        logit += sum(weights.groups.get(group, 0.0) for group in features.groups)
        if features.mentioned:
            logit += weights.mentioned
        if features.talked_about:
            logit += weights.talked_about
        return logit


def load_weights(path: Path) -> Weights:
    return Weights.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def _best_windows(evidence: Evidence, choice: Windows) -> list[tuple[int, int]]:
    """The windows of the highest linear logit, those left out that overlap a better one."""
    logits = evidence.logits(choice.starts, choice.ends)
    best: list[tuple[int, int]] = []
    for index in np.argsort(-logits, kind="stable")[: 6 * _TOP_WINDOWS].tolist():
        start, end = int(choice.starts[index]), int(choice.ends[index])
        if all(end <= other_start or start >= other_end for other_start, other_end in best):
            best.append((start, end))
        if len(best) == _TOP_WINDOWS:
            break
    return best


def _hit_windows(text: CollapsedText, hits: Sequence[RuleHit]) -> list[tuple[int, int]]:
    """The whole of a short text; of a long one the surroundings of rule hits, those with most different rules first."""
    length = len(text)
    if length <= WHOLE:
        return [(0, length)]
    spans: list[tuple[int, int]] = []
    groups: list[set[str]] = []
    for hit in hits:
        start, end = max(0, hit.start - _MARGIN), min(length, hit.end + _MARGIN)
        if spans and start < spans[-1][1] and end - spans[-1][0] <= WHOLE:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            groups[-1].add(hit.rule.group)
        else:
            spans.append((start, end))
            groups.append({hit.rule.group})
    order = sorted(range(len(spans)), key=lambda index: -len(groups[index]))
    return [spans[index] for index in order[:_TOP_HIT_WINDOWS]]


def _is_quoted(string: str, hit: RuleHit) -> bool:
    before = string[max(0, hit.start - _QUOTE_REACH) : hit.start + 1]
    after = string[hit.end - 1 : hit.end + _QUOTE_REACH]
    for opening, closing in _QUOTES:
        if before.rfind(opening) > before.rfind(closing) and closing in after:
            return True
    return any(before.count(mark) % 2 == 1 and mark in after for mark in _EVEN_QUOTES)


def _candidate(
    span: tuple[int, int],
    linear: float,
    crowd: float,
    hits: Sequence[RuleHit],
    quoted: Sequence[bool],
    mentions: Ints,
) -> Candidate:
    start, end = span
    inside = [(hit, is_quoted) for hit, is_quoted in zip(hits, quoted, strict=True) if hit.start < end and hit.end > start]
    discussed = False
    counted: list[RuleHit] = []
    mentioned = False
    for hit, is_quoted in inside:
        near = _mention_near(mentions, hit)
        if is_quoted and near:
            mentioned = True
            continue
        discussed = discussed or near
        counted.append(hit)
    features = Features(linear, crowd, frozenset(hit.rule.group for hit in counted), mentioned, discussed)
    return Candidate(start, end, features, tuple(counted))


def _mention_near(mentions: Ints, hit: RuleHit) -> bool:
    first = int(np.searchsorted(mentions, hit.start - _MENTION_REACH))
    return first < len(mentions) and int(mentions[first]) < hit.end + _MENTION_REACH
