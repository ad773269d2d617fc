from __future__ import annotations

import pytest

from scangate.evaluation.figures import Confusion, OperatingPoint, Ranking, confusion

HAND_LABELS = [True, True, True, False, False, False, False]
HAND_SCORES = [0.9, 0.5, 0.2, 0.5, 0.3, 0.2, 0.1]
"""Pairs won: 0.9 beats 4; 0.5 beats 3 and ties 1; 0.2 beats 1 and ties 1: (4 + 3.5 + 1.5) / 12."""


def test_confusion_counts_by_label_and_verdict() -> None:
    counted = confusion([True, True, True, False, False], [True, True, False, True, False])
    assert counted == Confusion(tp=2, fp=1, tn=1, fn=1)
    assert counted.precision == pytest.approx(2 / 3) and counted.recall == pytest.approx(2 / 3)
    assert counted.f1 == pytest.approx(2 / 3) and counted.fpr == 0.5 and counted.accuracy == 0.6 and counted.n == 5


UNDEFINED = [
    (Confusion(), {"precision", "recall", "f1", "fpr", "accuracy"}),
    (Confusion(tn=3), {"precision", "recall", "f1"}),
    (Confusion(fp=1, tn=2), {"recall"}),
    (Confusion(tp=1), {"fpr"}),
    (Confusion(fn=1, tn=1), {"precision"}),
]


@pytest.mark.parametrize(
    ("counted", "undefined"), UNDEFINED, ids=["nothing", "all clean", "no positives", "no negatives", "no flag"]
)
def test_a_rate_without_rows_to_take_it_over_is_undefined(counted: Confusion, undefined: set[str]) -> None:
    rates = ("precision", "recall", "f1", "fpr", "accuracy")
    assert {name for name in rates if getattr(counted, name) is None} == undefined


def test_auc_counts_ties_half() -> None:
    assert Ranking(HAND_LABELS, HAND_SCORES).auc() == pytest.approx(9 / 12)


@pytest.mark.parametrize(
    ("labels", "scores", "auc"),
    [
        ([True, False], [1.0, 0.0], 1.0),
        ([True, False], [0.0, 1.0], 0.0),
        ([True, False, True, False], [0.5] * 4, 0.5),
        ([True, True], [0.1, 0.9], None),
        ([False], [0.1], None),
        ([], [], None),
    ],
    ids=["perfect", "upside down", "all ties", "no negatives", "one row", "no rows"],
)
def test_auc_at_its_ends(labels: list[bool], scores: list[float], auc: float | None) -> None:
    assert Ranking(labels, scores).auc() == auc


def test_auc_of_many_rows_is_that_of_all_pairs() -> None:
    labels = [number % 3 == 0 for number in range(300)]
    scores = [(number * 7919 % 101) / 100 for number in range(300)]
    positive = [score for score, label in zip(scores, labels, strict=True) if label]
    negative = [score for score, label in zip(scores, labels, strict=True) if not label]
    pairs = [1.0 if high > low else 0.5 if high == low else 0.0 for high in positive for low in negative]
    assert Ranking(labels, scores).auc() == pytest.approx(sum(pairs) / len(pairs))


def test_one_percent_of_200_negatives_are_two() -> None:
    labels = [True] * 4 + [False] * 200
    scores = [0.95, 0.85, 0.75, 0.65] + [0.9, 0.8, 0.7] + [0.1] * 197
    assert Ranking(labels, scores).at_fpr() == OperatingPoint(0.75, 0.75)


@pytest.mark.parametrize(
    ("labels", "scores", "point"),
    [
        ([True, True, False], [0.8, 0.3, 0.1], OperatingPoint(0.3, 1.0)),
        ([True, True, False], [0.8, 0.3, 0.3], OperatingPoint(0.8, 0.5)),
        ([True, False], [0.5, 0.5], OperatingPoint(None, 0.0)),
        ([False, False], [0.5, 0.4], OperatingPoint(None, None)),
        ([True], [0.5], OperatingPoint(None, None)),
        ([], [], OperatingPoint(None, None)),
    ],
    ids=["separated", "tie at the border", "all ties", "no positives", "no negatives", "no rows"],
)
def test_operating_point_at_one_percent(labels: list[bool], scores: list[float], point: OperatingPoint) -> None:
    assert Ranking(labels, scores).at_fpr() == point


def test_a_threshold_flags_what_reaches_it() -> None:
    ranking = Ranking(HAND_LABELS, HAND_SCORES)
    assert ranking.at_threshold(0.5) == Confusion(tp=2, fp=1, tn=3, fn=1)
    assert ranking.at_threshold(0.51) == Confusion(tp=1, fp=0, tn=4, fn=2)
    assert ranking.at_threshold(0.0) == Confusion(tp=3, fp=4, tn=0, fn=0)
    assert ranking.at_threshold(1.0) == Confusion(tn=4, fn=3)
