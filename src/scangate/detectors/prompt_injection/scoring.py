"""Scores one reading of a text: what the linear model says of its windows and what the rules found there, in one logit.

Candidates are, of every stretch of a page, the window that the linear model likes best, and the surroundings of rule hits. A
candidate's logit is `bias + slope * linear + crowd * log(windows) + sum of the weights of the rule groups in it + dampers`; the
weights stand in weights.yaml, fitted by `training/linear`. A phrase that is quoted where the text talks about phrases or attacks
is a mention: neither its rules count nor what the linear model makes of its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.prompt_injection.lexicon import TaggedText, TagHits
from scangate.detectors.prompt_injection.quotes import quoted
from scangate.detectors.prompt_injection.rules import Rule, RuleHits, RuleSet, sentence_ends
from scangate.detectors.prompt_injection.windows import WHOLE, Windows, cut, windows
from scangate.inference.linear import CollapsedText, Evidence, LinearModel, collapse
from scangate.matching.documents import read_yaml

HEAD: Final = "injection"
_BLOCK: Final = 600
"""Of each block of the text the window that the linear model likes best is a candidate, if it reaches `SUSPICIOUS`."""
_TOP_BLOCKS: Final = 8
"""The best blocks are candidates, whatever they reach."""
SUSPICIOUS: Final = 2.0
_MARGIN: Final = 160
"""Characters around a rule hit that are judged with it."""
_FULL_CROWD: Final = float(np.log(200))
"""With rules behind it, a stretch of a long text is excused no more than one of some pages."""
_MENTION_REACH: Final = 120
_SUBJECT_REACH: Final = 400
_SUBJECT_TERMS: Final = 2
"""So many terms of the trade near a hit make a text that talks about attacks."""
_BATCH: Final = 1 << 14
"""Suspicious windows that begin in one such stretch are read again together."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Weights(BaseModel):
    """The combination: logits. `high` and `medium` are the thresholds of the two reported confidences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: float
    slope: Annotated[float, Field(gt=0)]
    floor: float
    """Where rules hold, harmless words around them count no lower than this linear logit."""
    crowd: float
    mentioned: Annotated[float, Field(le=0)]
    talked_about: Annotated[float, Field(le=0)]
    hidden: Annotated[float, Field(ge=0)]
    high: float
    medium: float
    groups: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the combination reads of a text: one row a stretch `[starts[i], ends[i])`, in positions of the collapsed text.

    `groups` has a column for each rule group: whether it holds there, mentions left out.
    """

    starts: Ints
    ends: Ints
    linear: Floats
    crowd: Floats
    mentioned: Flags
    talked_about: Flags
    groups: Flags
    hits: RuleHits
    """The hits that count."""
    cuts: Ints
    """Where the text's sentences and lines begin."""

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its logit and the rules that hold in it; with rules, only the sentences in which they do."""

    start: int
    end: int
    logit: float
    rules: tuple[Rule, ...]


class Scorer:
    """Rules, model and weights together. Immutable; safe to share between threads."""

    def __init__(self, rules: RuleSet, model: LinearModel, weights: Weights) -> None:
        self.rules = rules
        self.model = model
        self.weights = weights
        self._group_weights = np.array([weights.groups.get(group, 0.0) for group in rules.groups])

    def candidates(self, text: CollapsedText, checkpoint: Callable[[], None]) -> Candidates:
        """The stretches worth a judgement: never none, and none of those that could matter is left out. Linear in the text."""
        evidence = self.model.evidence(text, checkpoint)[HEAD]
        checkpoint()
        tagged = self.rules.tag(text)
        checkpoint()
        sentences = sentence_ends(text)
        hits = self.rules.hits(tagged, sentences)
        checkpoint()
        cuts = cut(text, sentences)
        all_windows = windows(text, cuts)
        crowd = float(np.log(len(all_windows)))
        if not len(hits):
            # the common case: no rule holds anywhere
            best, linear = _suspicious(evidence, all_windows)
            nothing = np.zeros(len(best), np.bool_)
            groups = np.zeros((len(best), len(self.rules.groups)), np.bool_)
            return Candidates(best.starts, best.ends, linear, np.full(len(best), crowd), nothing, nothing, groups, hits, cuts)
        mentions = self._mentions(text, tagged, hits)
        counted = hits.only(~mentions)
        evidence = evidence.without(hits.starts[mentions], hits.ends[mentions])
        best, linear = _suspicious(evidence, all_windows)
        around = _around(hits, len(text))
        starts, ends = np.concatenate((best.starts, around.starts)), np.concatenate((best.ends, around.ends))
        groups = self._groups(counted, starts, ends)
        subject = _count(tagged.hits(self.rules.tag_bits["subject"]), counted, _SUBJECT_REACH)
        return Candidates(
            starts,
            ends,
            np.concatenate((linear, evidence.logits(around.starts, around.ends))),
            np.where(groups.any(axis=1), min(crowd, _FULL_CROWD), crowd),
            _holds(hits.only(mentions), starts, ends),
            _holds(counted.only(subject >= _SUBJECT_TERMS), starts, ends),
            groups,
            counted,
            cuts,
        )

    def _mentions(self, text: CollapsedText, tagged: TaggedText, hits: RuleHits) -> Flags:
        """Which hits are quoted, if only in part, where the text talks about phrases or attacks."""
        bits = self.rules.tag_bits
        near = sum(_count(tagged.hits(bits[name]), hits, _MENTION_REACH) for name in ("mention", "subject"))
        quotes = quoted(text, hits.starts, hits.starts + 1) | quoted(text, hits.ends - 1, hits.ends)
        mentions: Flags = quotes & (near > 0)
        return mentions

    def judge(self, folded: str, floor: float, checkpoint: Callable[[], None]) -> tuple[CollapsedText, Iterator[Judged]]:
        """The collapsed form of a folded text, and every candidate whose logit reaches `floor`, best first."""
        text = collapse(folded)
        candidates = self.candidates(text, checkpoint)
        logits = self.logits(candidates)
        confirmed = self.without_repetition(text, candidates, logits >= floor, checkpoint)
        if confirmed is not candidates:
            candidates, logits = confirmed, self.logits(confirmed)
        order = np.argsort(-logits, kind="stable")
        return text, self._judged(text, candidates, logits, order[logits[order] >= floor].tolist())

    def without_repetition(
        self, text: CollapsedText, candidates: Candidates, chosen: Flags, checkpoint: Callable[[], None]
    ) -> Candidates:
        """The same candidates, the linear logit of those chosen no higher than without the repetition.

        So repetition alone (a table, a list of calls or addresses) raises no suspicion. Where rules hold it is no matter.
        """
        doubtful = np.flatnonzero(chosen & (candidates.linear > SUSPICIOUS) & ~candidates.groups.any(axis=1))
        if not len(doubtful):
            return candidates
        linear = candidates.linear.copy()
        starts, ends = candidates.starts[doubtful], candidates.ends[doubtful]
        apart = (starts[1:] - ends[:-1] > _BLOCK) | (np.diff(starts // _BATCH) > 0)
        for batch in np.split(np.arange(len(doubtful)), np.flatnonzero(apart) + 1):
            checkpoint()
            calm = self.model.logits_without_repetition(text, HEAD, starts[batch], ends[batch])
            index = doubtful[batch]
            linear[index] = np.minimum(linear[index], np.maximum(calm, SUSPICIOUS))
        return replace(candidates, linear=linear)

    def logits(self, candidates: Candidates) -> Floats:
        weights = self.weights
        if not len(candidates.hits) and not candidates.mentioned.any():
            return weights.bias + weights.slope * candidates.linear + weights.crowd * candidates.crowd
        supported = candidates.groups.any(axis=1)
        linear = np.where(supported, np.maximum(candidates.linear, weights.floor), candidates.linear)
        logits: Floats = weights.bias + weights.slope * linear + weights.crowd * candidates.crowd
        logits += candidates.groups @ self._group_weights
        logits += weights.mentioned * candidates.mentioned + weights.talked_about * candidates.talked_about
        return logits

    def _judged(self, text: CollapsedText, candidates: Candidates, logits: Floats, order: list[int]) -> Iterator[Judged]:
        hits = candidates.hits
        longest = int((hits.ends - hits.starts).max(initial=0))
        for index in order:
            start, end = int(candidates.starts[index]), int(candidates.ends[index])
            numbers: list[int] = []
            if candidates.groups[index].any():
                first, last = np.searchsorted(hits.starts, (start - longest, end)).tolist()
                near = np.flatnonzero(hits.ends[first:last] > start) + first
                numbers = np.unique(hits.rules[near]).tolist()
                start, end = _sentences(candidates, int(hits.starts[near[0]]), int(hits.ends[near].max()), len(text))
            start, end = _trimmed(text, start, end)
            yield Judged(start, end, float(logits[index]), tuple(self.rules.rules[number] for number in numbers))

    def _groups(self, hits: RuleHits, starts: Ints, ends: Ints) -> Flags:
        held = np.zeros((len(starts), len(self.rules.groups)), np.bool_)
        group_of_hit = self.rules.group_of_rule[hits.rules]
        for group in np.unique(group_of_hit).tolist():
            held[:, group] = _holds(hits.only(group_of_hit == group), starts, ends)
        return held


def load_weights(path: Path) -> Weights:
    return Weights.model_validate(read_yaml(path.read_text(encoding="utf-8")))


def _suspicious(evidence: Evidence, choice: Windows) -> tuple[Windows, Floats]:
    """The best window of each suspicious block and of the best blocks, with its linear logit."""
    logits = evidence.logits(choice.starts, choice.ends)
    blocks = choice.starts // _BLOCK
    first = np.flatnonzero(np.concatenate(([True], blocks[1:] != blocks[:-1])))
    peaks = np.maximum.reduceat(logits, first)
    chosen = peaks >= SUSPICIOUS
    chosen[np.argsort(-peaks, kind="stable")[:_TOP_BLOCKS]] = True
    last = np.append(first[1:], len(logits))
    bounds = zip(first[chosen].tolist(), last[chosen].tolist(), strict=True)
    best = np.array([start + int(logits[start:end].argmax()) for start, end in bounds])
    return Windows(choice.starts[best], choice.ends[best]), logits[best]


def _around(hits: RuleHits, length: int) -> Windows:
    """The whole of a short text; of a long one the surroundings of the rule hits of each small stretch."""
    if length <= WHOLE:
        return Windows(np.array([0]), np.array([length]))
    stretches = hits.starts // _MARGIN
    first = np.flatnonzero(np.concatenate(([True], stretches[1:] != stretches[:-1])))
    ends = np.maximum.reduceat(hits.ends, first)
    return Windows(np.maximum(hits.starts[first] - _MARGIN, 0), np.minimum(ends + _MARGIN, length))


def _sentences(candidates: Candidates, start: int, end: int, length: int) -> tuple[int, int]:
    """The whole sentences that cover a range."""
    cuts = candidates.cuts
    first, last = int(np.searchsorted(cuts, start, side="right")) - 1, int(np.searchsorted(cuts, end))
    return int(cuts[first]) if first >= 0 else 0, int(cuts[last]) if last < len(cuts) else length


def _trimmed(text: CollapsedText, start: int, end: int) -> tuple[int, int]:
    """The range without the spaces at its ends."""
    space = ord(" ")
    start += bool(end - start > 1 and text.codes[start] == space)
    return start, end - bool(end - start > 1 and text.codes[end - 1] == space)


def _holds(hits: RuleHits, starts: Ints, ends: Ints) -> Flags:
    """Which windows some hit overlaps."""
    begun = np.searchsorted(hits.starts, ends)
    over = np.searchsorted(np.sort(hits.ends), starts, side="right")
    return begun > over


def _count(terms: TagHits, hits: RuleHits, reach: int) -> Ints:
    """How many of the terms stand within reach of each hit."""
    return np.searchsorted(terms.starts, hits.ends + reach) - np.searchsorted(terms.starts, hits.starts - reach)
