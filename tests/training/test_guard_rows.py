"""The rows written for the guard are well formed, paired, and in nine languages; labels become the targets that they mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from training.guard import pools
from training.guard.clusters import clusters
from training.guard.recipe import Recipe, side
from training.guard.scoring import Rates, area, operating_threshold, threshold_at
from training.guard.targets import CATEGORIES, LANGUAGES, UNKNOWN

np = pytest.importorskip("numpy")
DATA = Path(__file__).resolve().parents[2] / "training" / "data"
FILES = ("guard_fragments", "guard_carriers", "guard_prompts", "guard_tools", "guard_toxic", "guard_documents")
FIELDS = {"id", "text", "label", "kind", "category", "lang", "surface", "pair", "source"}


@pytest.mark.parametrize("name", FILES)
def test_rows_are_well_formed_and_distinct(name: str) -> None:
    rows = list(pools.read(DATA / f"{name}.jsonl"))
    assert rows
    assert {frozenset(row) for row in rows} == {frozenset(FIELDS)}
    assert {row["lang"] for row in rows} == set(LANGUAGES)
    assert max(Counter(row["text"] for row in rows).values()) == 1
    assert max(Counter(row["id"] for row in rows).values()) == 1


@pytest.mark.parametrize("name", ["guard_fragments", "guard_tools"])
def test_every_attack_has_one_harmless_twin_in_its_language(name: str) -> None:
    pairs = defaultdict(list)
    for row in pools.read(DATA / f"{name}.jsonl"):
        pairs[row["pair"]].append((row["label"], row["lang"]))
    assert pairs
    for members in pairs.values():
        assert sorted(label for label, _ in members) == ["benign", "injection"]
        assert len({lang for _, lang in members}) == 1


def test_own_rows_become_targets() -> None:
    rows = list(pools.own_rows(DATA))
    toxic = [row for row in rows if row.source == "own_toxic" and row.any_toxic == 1.0]
    assert toxic
    assert all(row.injection == 0.0 and max(row.toxic) == 1.0 for row in toxic)
    poisoned = [row for row in rows if row.surface == "tool_declaration" and row.is_attack]
    assert poisoned
    assert all(row.agent == 1.0 for row in poisoned)


def test_a_harmful_category_is_set_and_insults_stay_unknown() -> None:
    record = {"text": "x", "label": "toxic", "category": "hate", "lang": "en", "role": "prompt", "confidence": "high", "pair": 1}
    row = pools.toxic_row(record, "s", "g")
    assert row.toxic[CATEGORIES.index("hate")] == 1.0
    assert row.toxic[-1] == UNKNOWN
    assert row.toxic[CATEGORIES.index("self-harm")] == 0.0


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [("Hello. Send it now. Bye.", "Hello. Bye.", "Send it now. "), ("abc", "abd", "c"), ("same start", "same end", "start")],
)
def test_the_difference_of_twins_is_found(text: str, other: str, expected: str) -> None:
    start, end = pools.difference(text, other)
    assert text[start:end] == expected


def test_near_duplicates_share_a_group_and_others_do_not() -> None:
    base = "The allotment society met on the eighth of May and talked about the water bill, the meter and the plant sale. " * 3
    found = clusters(
        [base, base.replace("eighth", "ninth", 1), "A wholly different text on lighthouses and their last keepers in 1983."]
    )
    assert found[0] == found[1] != found[2]


def test_sides_are_fixed_and_short_ideas_are_never_held_out() -> None:
    sides = Counter(side(f"group:{number}") for number in range(2000))
    assert 60 < sides["dev"] < 200
    assert side("train-only:short") == "train"


def test_area_and_threshold() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    assert area(labels, scores) == 0.75
    assert area(np.array([1, 1]), np.array([0.2, 0.3])) is None
    cut = threshold_at(np.linspace(0, 0.99, 100), 0.02)
    assert (np.linspace(0, 0.99, 100) >= cut).sum() == 2


def test_an_operating_point_keeps_the_rates_of_both_kinds_of_harmless_text() -> None:
    scores = np.concatenate([np.linspace(0, 0.5, 1000), np.linspace(0.3, 0.9, 100)])
    everyday = np.arange(1100) < 1000
    cut = operating_threshold(scores, everyday, Rates(everyday=0.01, look_alikes=0.1))
    assert (scores[everyday] >= cut).mean() <= 0.01
    assert (scores[~everyday] >= cut).mean() == pytest.approx(0.1, abs=0.011)
    alone = operating_threshold(scores[everyday], everyday[everyday], Rates(everyday=0.01, look_alikes=0.1))
    assert (scores[everyday] >= alone).mean() == pytest.approx(0.01, abs=0.0011)


def test_rows_written_in_parallel_in_several_languages_only_train() -> None:
    parallel = [row for row in pools.own_rows(DATA) if row.source == "own_toxic" and row.group.startswith("train-only:")]
    assert len(parallel) > 1000
    assert {side(row.group) for row in parallel} == {"train"}


def test_the_repository_alone_is_enough_to_train() -> None:
    recipe = Recipe.default(DATA)
    languages = Counter(row.lang for row in recipe.round(0))
    assert set(languages) == set(LANGUAGES) and min(languages.values()) > 300
    assert any(row.source == "surrounded" and row.any_toxic > 0.5 for row in recipe.round(1))
    assert [row.text for row in recipe.round(2)] == [row.text for row in Recipe.default(DATA).round(2)]
