"""Accuracy is part of the tests: a change that lowers a figure of the project's own sets fails here, as in `make eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evals import run as evals

LISTED = evals.read_baseline()


@pytest.mark.parametrize("name", LISTED)
def test_no_figure_is_worse_than_the_baseline(name: str) -> None:
    [comparison] = evals.run([name])
    assert comparison.faults == (), f"if the change means it: {evals.UPDATE}"


def test_the_baseline_lists_every_set_and_no_other() -> None:
    assert set(LISTED) == {path.name for path in evals.SAMPLES.glob("*.jsonl")}
    assert LISTED


GOOD: dict[str, Any] = {"n": 10, "precision": 1.0, "recall": 0.8, "fpr": 0.1, "f1": 0.9, "auc": 0.9, "timeouts": 0, "errors": 0}
WORSE = [
    ({"recall": 0.78}, "recall"),
    ({"fpr": 0.12}, "fpr"),
    ({"auc": None}, "auc"),
    ({"n": 9}, "other rows"),
    ({"n": 9, "timeouts": 1}, "1 timeouts"),
    ({"n": 8, "errors": 2}, "2 errors"),
]


@pytest.mark.parametrize(("change", "fault"), WORSE)
def test_a_worse_figure_is_a_fault(change: dict[str, Any], fault: str) -> None:
    faults = evals.compare("set", GOOD | change, GOOD | {"allowed_drop": 0.01}).faults
    assert len(faults) == 1 and fault in faults[0]


@pytest.mark.parametrize("change", [{}, {"recall": 0.795}, {"recall": 1.0, "fpr": 0.0}, {"fpr": 0.105}])
def test_a_better_figure_or_a_small_loss_is_none(change: dict[str, Any]) -> None:
    assert evals.compare("set", GOOD | change, GOOD | {"allowed_drop": 0.01}).faults == ()


def test_an_update_measures_what_is_there_and_keeps_allowed_drops(tmp_path: Path) -> None:
    samples, baseline = tmp_path / "samples", tmp_path / "baseline.json"
    samples.mkdir()
    (samples / "sensitive_data.cards.jsonl").write_text(
        '{"text": "my credit card is 4539 1488 0343 6467", "label": 1}\n{"text": "hello", "label": 0}\n', encoding="utf-8"
    )
    gone = {"task": "sensitive_data", "n": 1}
    old = {"sets": {"sensitive_data.cards.jsonl": {"allowed_drop": 0.25}, "sensitive_data.gone.jsonl": gone}}
    baseline.write_text(json.dumps(old), encoding="utf-8")
    evals.update(baseline=baseline, samples=samples)
    assert evals.read_baseline(baseline) == {
        "sensitive_data.cards.jsonl": {
            "task": "sensitive_data", "n": 2, "precision": 1.0, "recall": 1.0, "fpr": 0.0, "f1": 1.0, "auc": 1.0, "allowed_drop": 0.25,
        }
    }  # fmt: skip
    assert [one.faults for one in evals.run(baseline=baseline, samples=samples)] == [()]
