"""Checks and model passes over all claims of a response, within the time there is; one score for each claim.

A claim that the context has word for word needs no pass, nor does one that the checks decide. The others are passed most doubtful
first, each with its best passage, and with the next one where the first does not support it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scangate.detectors.contextual_grounding.checks import CONTRADICTION, NOT_IN_CONTEXT, Beside, Checked, Sign, check
from scangate.detectors.contextual_grounding.claims import Claim
from scangate.detectors.contextual_grounding.terms import script_of, terms
from scangate.errors import DeadlineExceededError
from scangate.inference.entailment import Chances, Entailment

MOST_PASSES: Final = 64
"""Of one response: a second and a half on one core. What is left over is checked without the model, and said."""
SECOND_PASSES: Final = 4
_SECOND_FIT: Final = 0.5
"""The next passage is read where it fits at least so much as well as the first."""
_DECIDED: Final = 0.8
_CAUTION: Final = 4.0
"""The model's threshold was fixed on answers beside the one passage they are about. A claim out of its text, whose evidence may stand in
several passages, must be so many times as doubtful, in odds."""
_WHOLE_LETTERS: Final = 450
_WHOLE_WIDE_LETTERS: Final = 180
_VERBATIM_SCORE: Final = 0.01
_UNREAD_SCORE: Final = 0.2
FLAGGED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its score in [0, 1], higher for less grounded; from `FLAGGED` on it counts. `category` holds where it does."""

    checked: Checked
    score: float
    category: str
    detail: str
    was_read: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of a whole response. `unread` claims were not decided by checks, and no model read them."""

    claims: tuple[Judged, ...]
    unread: int
    timed_out: bool

    @property
    def score(self) -> float:
        return max((one.score for one in self.claims), default=0.0)


def judge(
    claims: Sequence[Claim],
    response: str,
    beside: Beside,
    model: Entailment | None,
    checkpoint: Callable[[], None],
    *,
    is_whole: bool,
) -> Judgement:
    """
    Args:
        claims: what the response says.
        response: all of it; a short one is read as a whole too.
        beside: the context.
        model: reads claims; None: checks alone.
        checkpoint: called before every claim and pass.
        is_whole: whether the context was read to its end; else what is absent from it proves nothing.

    Raises:
        DeadlineExceededError: the time was up before anything was found.
    """
    checked: list[Checked] = []
    chances: dict[int, Chances] = {}
    together: Chances | None = None
    timed_out = False
    try:
        for claim in claims:
            checkpoint()
            checked.append(check(claim, beside))
        if model is not None:
            _read(checked, beside, model, checkpoint, chances)
            if len(chances) > 1 and _is_short(response):
                checkpoint()
                together = _read_whole(response, beside, model)
    except DeadlineExceededError:
        timed_out = True
    share = math.sqrt(max(1, sum(not one.is_verbatim for one in checked)))
    scale = _Scale(model, share, together, is_whole)
    judged = tuple(_judged(one, chances.get(at), scale) for at, one in enumerate(checked))
    if timed_out and not any(one.score >= FLAGGED for one in judged):
        raise DeadlineExceededError("the claims of the response could not all be checked in time")
    unread = len(claims) - len(checked) + sum(not one.was_read for one in judged)
    return Judgement(judged, unread, timed_out)


def _read(
    checked: Sequence[Checked], beside: Beside, model: Entailment, checkpoint: Callable[[], None], chances: dict[int, Chances]
) -> None:
    open_claims = [at for at, one in enumerate(checked) if not one.is_verbatim and _exact(one.signs) < _DECIDED and one.passages]
    open_claims.sort(key=lambda at: checked[at].coverage)
    for at in open_claims[:MOST_PASSES]:
        checkpoint()
        one = checked[at]
        chances[at] = model.judge(one.claim.reading, beside.passages.text(one.passages[0]))
    # the next passage is worth a pass only where the claim would count
    doubtful = [at for at in open_claims[:MOST_PASSES] if _odds(1.0 - chances[at].supported) >= _needed(model)]
    for at in doubtful[:SECOND_PASSES]:
        first, *others = checked[at].passages
        if others and others[0].fit >= _SECOND_FIT * first.fit:
            checkpoint()
            again = model.judge(checked[at].claim.reading, beside.passages.text(others[0]))
            if again.supported > chances[at].supported:
                chances[at] = again


def _is_short(response: str) -> bool:
    """Whether the model reads all of it as one claim."""
    return len(response) <= (_WHOLE_WIDE_LETTERS if script_of(response) in ("ja", "zh") else _WHOLE_LETTERS)


def _read_whole(response: str, beside: Beside, model: Entailment) -> Chances | None:
    best = beside.passages.best(beside.passages.fits(terms(response), beside.wanted), 1)
    return model.judge(response, beside.passages.text(best[0])) if best else None


@dataclass(frozen=True, slots=True)
class _Scale:
    """How passes become scores. `share`: the root of the number of claims, as one of many is likelier to seem unsupported by mistake;
    `together` is what the model said of the response as a whole."""

    model: Entailment | None
    share: float
    together: Chances | None
    is_whole: bool

    def odds(self, chances: Chances, share: float) -> float:
        """Of the claim being ungrounded, 1 where it is as likely as not to count."""
        needed = _needed(self.model) if self.model is not None else 1.0
        doubt = 1.0 - chances.supported if self.is_whole else chances.contradicted
        return _odds(doubt) / needed / share

    def chance(self, chances: Chances) -> float:
        """The model's share of a claim's score, in [0, 1]."""
        alone = _chance(self.odds(chances, self.share))
        return alone if self.together is None else (alone + _chance(self.odds(self.together, 1.0))) / 2.0


def _needed(model: Entailment) -> float:
    """The odds of doubt from which on a single claim counts."""
    return _CAUTION * _odds(1.0 - model.threshold)


def _judged(one: Checked, chances: Chances | None, scale: _Scale) -> Judged:
    if one.is_verbatim:
        return Judged(one, _VERBATIM_SCORE, "", "", was_read=True)
    signs = [sign for sign in one.signs if scale.is_whole or sign.name.startswith("aligned_")]
    exact = _exact(signs)
    strongest = max(signs, key=lambda sign: sign.certainty, default=None)
    if chances is None:
        decided = exact >= _DECIDED or scale.model is None
        score = exact if signs else _UNREAD_SCORE * (1.0 - one.coverage)
        return Judged(one, score, _category(strongest, None), strongest.detail if strongest else "", was_read=decided)
    read = scale.chance(chances)
    score = 1.0 - (1.0 - exact) * (1.0 - read)
    sign = strongest if strongest is not None and strongest.certainty >= min(0.4, read) else None
    return Judged(one, score, _category(sign, chances), sign.detail if sign else "", was_read=True)


def _chance(odds: float) -> float:
    return odds / (1.0 + odds)


def _exact(signs: Sequence[Sign]) -> float:
    """One minus the chance that every sign is mistaken; signs of one name count once."""
    left = 1.0
    for certainty in {sign.name: sign.certainty for sign in signs}.values():
        left *= 1.0 - certainty
    return 1.0 - left


def _odds(chance: float) -> float:
    inside = min(max(chance, 1e-4), 1.0 - 1e-4)
    return inside / (1.0 - inside)


def _category(sign: Sign | None, chances: Chances | None) -> str:
    if sign is not None:
        return sign.category
    return CONTRADICTION if chances is not None and chances.contradicted > chances.absent else NOT_IN_CONTEXT
