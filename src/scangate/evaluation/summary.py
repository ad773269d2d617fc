"""Judgements to the one object that `scangate eval --json` prints; the tables for people are drawn from the same object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scangate.domain.taxonomy import OutcomeStatus
from scangate.evaluation.figures import SWEEP, Confusion, Ranking, confusion
from scangate.evaluation.judging import Judgement

JsonObject = dict[str, Any]
WORST: Final = 10
EXCERPT_CHARACTERS: Final = 80


def summarise(judgements: Sequence[Judgement], by: Sequence[str] = (), *, show_text: bool = False) -> JsonObject:
    """Rows whose detector failed are counted as `timeouts` and `errors` and enter no figure: they are neither hits nor clean."""
    judged = [judgement for judgement in judgements if judgement.status is OutcomeStatus.OK]
    statuses = [judgement.status for judgement in judgements]
    counts, ranking = _confusion(judged), _ranking(judged)
    point = ranking.at_fpr()
    return {
        "n": len(judged),
        "timeouts": statuses.count(OutcomeStatus.TIMEOUT),
        "errors": statuses.count(OutcomeStatus.ERROR),
        **_counts(counts),
        **_rates(counts),
        "auc": ranking.auc(),
        "recall_at_fpr_1": point.recall,
        "threshold": point.threshold,
        **_times([judgement.elapsed_ms for judgement in judgements]),
        "sweep": [{"threshold": threshold, **_rates(ranking.at_threshold(threshold))} for threshold in SWEEP],
        "groups": {field: _groups(judged, index) for index, field in enumerate(by)},
        "worst": _worst(judged, by, show_text=show_text),
    }


def _confusion(judged: Sequence[Judgement]) -> Confusion:
    return confusion([one.row.label for one in judged], [one.flagged for one in judged])


def _ranking(judged: Sequence[Judgement]) -> Ranking:
    return Ranking([one.row.label for one in judged], [one.score for one in judged])


def _counts(counts: Confusion) -> JsonObject:
    return {"tp": counts.tp, "fp": counts.fp, "tn": counts.tn, "fn": counts.fn}


def _rates(counts: Confusion) -> JsonObject:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "fpr": counts.fpr,
        "accuracy": counts.accuracy,
    }


def _times(elapsed_ms: Sequence[float]) -> JsonObject:
    if not elapsed_ms:
        return {"median_ms": None, "p95_ms": None}
    median, p95 = np.percentile(elapsed_ms, (50, 95))
    return {"median_ms": round(float(median), 3), "p95_ms": round(float(p95), 3)}


def _groups(judged: Sequence[Judgement], index: int) -> JsonObject:
    """The groups of one field, largest first."""
    members: defaultdict[str, list[Judgement]] = defaultdict(list)
    for one in judged:
        members[one.row.groups[index]].append(one)
    return {value: _group(found) for value, found in sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))}


def _group(judged: Sequence[Judgement]) -> JsonObject:
    counts = _confusion(judged)
    rates = _rates(counts)
    return {
        "n": counts.n,
        **_counts(counts),
        "precision": rates["precision"],
        "recall": rates["recall"],
        "fpr": rates["fpr"],
        "auc": _ranking(judged).auc(),
    }


def _worst(judged: Sequence[Judgement], by: Sequence[str], *, show_text: bool) -> list[JsonObject]:
    """The mistakes that the detector was surest of: false alarms of the highest score, misses of the lowest, WORST of each."""
    mistakes = [one for one in judged if one.flagged is not one.row.label]
    mistakes.sort(key=lambda one: (one.row.label, one.score if one.row.label else -one.score, one.row.line))
    false_alarms = [one for one in mistakes if not one.row.label]
    misses = mistakes[len(false_alarms) :]
    return [
        {
            "row": one.row.line,
            "score": one.score,
            "label": int(one.row.label),
            "groups": dict(zip(by, one.row.groups, strict=True)),
            **({"text": one.row.text[:EXCERPT_CHARACTERS]} if show_text else {}),
        }
        for one in (*false_alarms[:WORST], *misses[:WORST])
    ]
