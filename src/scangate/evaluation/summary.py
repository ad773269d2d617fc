"""Judgements to the one object that `scangate eval --json` prints; the tables for people are drawn from the same object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scangate.domain.taxonomy import OutcomeStatus
from scangate.evaluation.figures import SWEEP, Confusion, Ranking, confusion
from scangate.evaluation.judging import Judgement
from scangate.evaluation.spans import span_figures

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
        **_kinds(judged),
        **_spans(judged),
        "sweep": [{"threshold": threshold, **_rates(ranking.at_threshold(threshold))} for threshold in SWEEP],
        "groups": {field: _groups(judged, index) for index, field in enumerate(by)},
        "worst": _worst(judged, by, show_text=show_text),
    }


def _kinds(judged: Sequence[Judgement]) -> JsonObject:
    """For rows labelled with kinds: figures of each, rows whose kinds are exactly right, rows without any of which some were found."""
    labelled = [(one.row.kinds, one.kinds) for one in judged if one.row.kinds is not None]
    if not labelled:
        return {}
    names = sorted({kind for expected, found in labelled for kind in expected | found})
    table = {
        name: confusion([name in expected for expected, _ in labelled], [name in found for _, found in labelled])
        for name in names
    }
    empty = [found for expected, found in labelled if not expected]
    return {
        "kinds": {name: {**_counts(counts), **_rates(counts)} for name, counts in table.items()},
        "exact": sum(expected == found for expected, found in labelled) / len(labelled),
        "empty_rows": len(empty),
        "empty_rows_hit": sum(map(bool, empty)),
    }


def _spans(judged: Sequence[Judgement]) -> JsonObject:
    """For rows labelled with spans: see `evaluation.spans`."""
    labelled = [(one.row.spans, one.entities) for one in judged if one.row.spans is not None]
    return {"spans": span_figures(labelled)} if labelled else {}


def _confusion(judged: Sequence[Judgement]) -> Confusion:
    """Rows; where they are labelled with kinds, pairs of a row and a kind that it has or was found to have, and rows without any."""
    if any(one.row.kinds is not None for one in judged):
        pairs = [(one.row.kinds or frozenset(), one.kinds) for one in judged]
        return Confusion(
            tp=sum(len(expected & found) for expected, found in pairs),
            fp=sum(len(found - expected) for expected, found in pairs),
            fn=sum(len(expected - found) for expected, found in pairs),
            tn=sum(not expected and not found for expected, found in pairs),
        )
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
    mistakes = [one for one in judged if one.flagged is not one.row.label or one.row.kinds not in (None, one.kinds)]
    mistakes.sort(key=lambda one: (one.row.label, one.score if one.row.label else -one.score, one.row.line))
    false_alarms = [one for one in mistakes if not one.row.label]
    misses = mistakes[len(false_alarms) :]
    return [
        {
            "row": one.row.line,
            "score": one.score,
            "label": int(one.row.label),
            "groups": dict(zip(by, one.row.groups, strict=True)),
            **({} if one.row.kinds is None else {"expected": sorted(one.row.kinds), "found": sorted(one.kinds)}),
            **({"text": one.row.text[:EXCERPT_CHARACTERS]} if show_text else {}),
        }
        for one in (*false_alarms[:WORST], *misses[:WORST])
    ]
