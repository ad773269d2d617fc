"""`python -m training.linear.evaluate --data POOLS`: the shipped detector on texts that nothing was fitted on.

Reads the test part of the pools, the two development sets, and pools of harmless text that no recipe of this folder touches.
Prints recall and false-positive rate at the shipped operating point, the area under the curve and recall at 1 % false positives;
`--scores FILE` keeps every text's place and score, so that mistakes can be looked up. It never prints a text.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from scangate.detectors.contract import Subject
from scangate.detectors.prompt_injection.detector import PromptInjectionDetector, load_scorer
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.scoring import Scorer
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.prepare import prepare
from training.linear.pools import LANGUAGES, Record, load, read

SEED: Final = 20261127
SAMPLE: Final = 300
"""Rows of a harmless pool that are read."""
LONGEST: Final = 50_000
NO_FLOOR: Final = -1e9

DEVELOPMENT: Final = ("dev_bipia_train", "dev_xsafety_multilingual")
HARMLESS: Final = (
    ("topic/clinc150_val", "text", "question"),
    ("topic/banking77_train", "text", "question"),
    ("topic/sib200_dev", "text", "news"),
    ("grounding/pubmedqa_constructed", "context", "article"),
    ("grounding/begin_v1_wow", "response", "answer"),
    ("grounding/squad_it_constructed", "context", "article"),
    ("grounding/jsquad_ja_constructed", "context", "article"),
    ("written/grounding", "context", "document"),
    ("written/toxic", "text", "chat"),
    ("toxic/do_not_answer", "text", "harmful request"),
    ("toxic/advbench", "text", "harmful request"),
    ("toxic/do_not_answer_responses_benign", "text", "refusal"),
    ("toxic/ruparadetox_ru", "text", "rude chat"),
    ("toxic/toldbr_pt", "text", "rude chat"),
    ("toxic/germeval2018_de_train", "text", "rude chat"),
    ("toxic/cold_zh_dev", "text", "rude chat"),
    ("code/benign_javascript", "code", "code"),
    ("code/benign_perl", "code", "code"),
    ("code/benign_powershell", "code", "code"),
    ("code/benign_shell", "code", "code"),
    ("code/benign_misc_system", "code", "code"),
    ("sql/sql_statements_sqlglot", "text", "code"),
)
"""Pool, its text field, and what its texts are. A harmful request without an override is no injection."""


@dataclass(frozen=True, slots=True)
class Case:
    """One text with its truth. `place` is its file and line."""

    text: str
    attack: bool
    lang: str
    kind: str
    pool: str
    place: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What the detector made of a case."""

    place: str
    pool: str
    lang: str
    kind: str
    attack: bool
    flagged: bool
    score: float
    rule: str


def cases(data: Path, own: Path) -> Iterator[Case]:
    for row in load(data, own):
        if row.part < 0:
            yield Case(row.text, row.attack, row.lang, row.kind, "test part", row.place)
    for name in DEVELOPMENT:
        for index, record in enumerate(read(data / "injection" / f"{name}.jsonl.gz")):
            attack = record["label"] == "injection"
            yield Case(record["text"], attack, record["lang"], record["kind"], name, f"{name}:{index}")
    for name, field, kind in HARMLESS:
        for index, record in _sample(data / f"{name}.jsonl.gz"):
            yield Case(record[field][:LONGEST], False, record.get("lang", "en"), kind, name, f"{name}:{index}")


def _sample(path: Path) -> list[tuple[int, Record]]:
    rows = [(index, record) for index, record in enumerate(read(path)) if record.get("lang", "en") in LANGUAGES]
    return random.Random(SEED).sample(rows, min(SAMPLE, len(rows)))


class Judge:
    """The shipped detector, its reporting floor removed so that every text gets a score."""

    def __init__(self) -> None:
        shipped = load_scorer()
        scorer = Scorer(shipped.rules, shipped.model, shipped.weights.model_copy(update={"medium": NO_FLOOR}))
        self._detector = PromptInjectionDetector(PromptInjectionOptions(action=Action.BLOCK), scorer)

    def __call__(self, case: Case) -> Scored:
        part = Part(Side.PROMPT, PartKind.TEXT, case.text)
        findings = self._detector.detect(Subject(part, prepare(case.text)))
        best = max(findings, key=lambda finding: finding.score)
        flagged = any(finding.flagged for finding in findings)
        return Scored(case.place, case.pool, case.lang, case.kind, case.attack, flagged, best.score, best.rule)


def area(scored: Sequence[Scored]) -> float:
    """Area under the ROC curve; ties count half."""
    values = np.array([one.score for one in scored])
    attack = np.array([one.attack for one in scored])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives, negatives = int(attack.sum()), int((~attack).sum())
    return float((ranks[attack].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def recall_at(scored: Sequence[Scored], false_positive_rate: float) -> float:
    """Share of attacks that score above all but this share of the harmless texts."""
    benign = np.array([one.score for one in scored if not one.attack])
    threshold = float(np.quantile(benign, 1 - false_positive_rate, method="higher"))
    return float(np.mean([one.score > threshold for one in scored if one.attack]))


def table(title: str, scored: Sequence[Scored], key: Callable[[Scored], str]) -> list[str]:
    """One line for each value of `key`."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        groups[key(one)].append(one)
    lines = [
        f"| {title} | attacks | recall | harmless | false positives | AUC | recall at 1 % |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*lines, *(_line(name, groups[name]) for name in sorted(groups)), ""]


def _line(name: str, scored: Sequence[Scored]) -> str:
    attacks = [one.flagged for one in scored if one.attack]
    benign = [one.flagged for one in scored if not one.attack]
    both = bool(attacks) and bool(benign)
    curve = f"{area(scored):.3f} | {recall_at(scored, 0.01):.1%}" if both else "| "
    return f"| {name} | {len(attacks)} | {_share(attacks)} | {len(benign)} | {_share(benign)} | {curve} |"


def _share(flags: Sequence[bool]) -> str:
    return f"{sum(flags) / len(flags):.1%} ({sum(flags)})" if flags else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pools")
    parser.add_argument("--own", type=Path, default=Path("training/data"), help="folder of the project's own rows")
    parser.add_argument("--scores", type=Path, help="write one JSON line a text: place, truth, score")
    arguments = parser.parse_args()
    judge = Judge()
    scored = [judge(case) for case in cases(arguments.data, arguments.own)]
    if arguments.scores:
        arguments.scores.write_text("".join(json.dumps(asdict(one)) + "\n" for one in scored), encoding="utf-8")
    test = [one for one in scored if one.pool == "test part"]
    lines = table("pool", scored, lambda one: one.pool)
    lines += table("language of the test part", test, lambda one: one.lang)
    lines += table("kind of the test part", test, lambda one: one.kind)
    xsafety = [one for one in scored if one.pool == "dev_xsafety_multilingual"]
    lines += table("language of dev_xsafety_multilingual", xsafety, lambda one: one.lang)
    harmless = [one for one in scored if one.pool in {name for name, _, _ in HARMLESS}]
    lines += table("kind of the harmless pools", harmless, lambda one: one.kind)
    lines += table("language of the harmless pools", harmless, lambda one: one.lang)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
