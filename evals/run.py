"""`make eval`: every set of evals/samples against the figures of evals/baseline.json.

python -m evals.run [--update] [SET ...]

A set is a file DETECTOR.jsonl or DETECTOR.anything.jsonl. Figures that drop by more than the allowed amount (false alarms: rise)
end the run with exit code 1. A change that means it writes the new figures with --update, and commits them with itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scangate.cli.plans import MEASURED_PROFILE, judge_under
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.evaluation.judging import spec_named
from scangate.evaluation.rows import RowFormat
from scangate.evaluation.summary import summarise
from scangate.evaluation.tables import fraction

HERE: Final = Path(__file__).parent
SAMPLES: Final = HERE / "samples"
BASELINE: Final = HERE / "baseline.json"
FIGURES: Final = ("precision", "recall", "fpr", "f1", "auc")
SPAN_FIGURE: Final = "span_f2"
"""A further figure of sets whose rows are labelled with spans."""
RISING_IS_WORSE: Final = frozenset({"fpr"})
ALLOWED_DROP: Final = 0.01
UPDATE: Final = "python -m evals.run --update"
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set: what was measured, what the baseline says, and every way in which the first is worse."""

    name: str
    measured: JsonObject
    expected: JsonObject
    faults: tuple[str, ...]


def task_of(name: str) -> str:
    return name.partition(".")[0]


def measure(name: str, samples: Path = SAMPLES) -> JsonObject:
    """The figures of one set under the default profile, with no feeds and no other thing of the machine's."""
    spec = spec_named(task_of(name), REGISTRY)
    resources = Resources()
    with (samples / name).open("rb") as stream:
        rows = RowFormat(spec.sides, kinds=spec.kinds, entities=spec.entities, protection=spec.row_protection).read(stream)
    summary = summarise(judge_under(MEASURED_PROFILE, spec, rows, resources))
    spans = {SPAN_FIGURE: summary["spans"]["f2"]} if "spans" in summary else {}
    return {"task": spec.name.value, **{key: summary[key] for key in ("n", "timeouts", "errors", *FIGURES)}, **spans}


def compare(name: str, measured: JsonObject, expected: JsonObject) -> Comparison:
    allowed = expected.get("allowed_drop", ALLOWED_DROP)
    faults = [f"{count} {key}" for key in ("timeouts", "errors") if (count := measured[key])]
    if measured["n"] + measured["timeouts"] + measured["errors"] != expected.get("n"):
        faults.append(f"the set has other rows than the baseline was measured on ({expected.get('n')})")
    for key in (*FIGURES, SPAN_FIGURE):
        was, now = expected.get(key), measured.get(key)
        if was is None:
            continue
        loss = 1.0 if now is None else (now - was if key in RISING_IS_WORSE else was - now)
        if loss > allowed:
            faults.append(f"{key} {fraction(now)}, was {fraction(was)}")
    return Comparison(name, measured, expected, tuple(faults))


def run(names: Sequence[str] = (), baseline: Path = BASELINE, samples: Path = SAMPLES) -> list[Comparison]:
    """Compare the named sets, or all that the baseline lists."""
    listed = read_baseline(baseline)
    return [compare(name, measure(name, samples), listed[name]) for name in names or listed]


def read_baseline(path: Path = BASELINE) -> JsonObject:
    sets: JsonObject = json.loads(path.read_text(encoding="utf-8"))["sets"] if path.is_file() else {}
    return sets


def update(names: Sequence[str] = (), baseline: Path = BASELINE, samples: Path = SAMPLES) -> None:
    """Measure anew and write: the named sets, or every file of the samples. Allowed drops stay as they are."""
    listed = read_baseline(baseline)
    present = sorted(path.name for path in samples.glob("*.jsonl"))
    for name in names or present:
        allowed = listed.get(name, {}).get("allowed_drop", ALLOWED_DROP)
        measured = measure(name, samples)
        if measured["timeouts"] or measured["errors"]:
            raise SystemExit(f"{name}: the detector failed on some rows; nothing was written")
        names_of_figures = (*FIGURES, *({SPAN_FIGURE} & measured.keys()))
        figures = {key: None if measured[key] is None else round(measured[key], 6) for key in names_of_figures}
        listed[name] = {"task": measured["task"], "n": measured["n"], **figures, "allowed_drop": allowed}
    kept = {name: listed[name] for name in sorted(listed) if name in present}
    document = {"measured": datetime.now(UTC).date().isoformat(), "sets": kept}
    baseline.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _table(comparisons: Sequence[Comparison]) -> str:
    width = max(len(one.name) for one in comparisons)
    lines = [f"{'set':{width}}  {'n':>5}  " + "  ".join(f"{key:>9}" for key in FIGURES)]
    for one in comparisons:
        measured = "  ".join(f"{fraction(one.measured[key]):>9}" for key in FIGURES)
        expected = "  ".join(f"{fraction(one.expected.get(key)):>9}" for key in FIGURES)
        lines += [f"{one.name:{width}}  {one.measured['n']:>5}  {measured}", f"{'  baseline':{width}}  {'':>5}  {expected}"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the detectors against evals/baseline.json.")
    parser.add_argument("--update", action="store_true", help="write the figures of today as the new baseline")
    parser.add_argument("sets", nargs="*", metavar="SET", help="files of evals/samples; by default all")
    arguments = parser.parse_args()
    names = [Path(name).name for name in arguments.sets]
    if arguments.update:
        update(names)
    elif unknown := [name for name in names if name not in read_baseline()]:
        parser.error(f"not in the baseline: {', '.join(unknown)}; `{UPDATE}` adds what evals/samples holds")
    comparisons = run(names)
    if not comparisons:
        parser.error(f"the baseline lists no sets; `{UPDATE}` writes it")
    print(_table(comparisons))
    faults = [f"{one.name}: {fault}" for one in comparisons for fault in one.faults]
    for fault in faults:
        print(f"worse than the baseline: {fault}")
    if faults:
        print(f"If the change means it: `{UPDATE}`, and commit evals/baseline.json with the change.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
