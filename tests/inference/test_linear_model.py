"""The featuriser and the linear model: positions, windows as differences of sums, and the model file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scangate.inference.linear as linear
from scangate.errors import ConfigurationError
from scangate.inference.linear import Featuriser, LinearModel, collapse

FEATURISER = Featuriser(bits=12, char_orders=(3, 5), word_orders=(1, 2))


@pytest.fixture(scope="module")
def model() -> LinearModel:
    weights = np.random.default_rng(3).normal(size=(2, 1 << 12)).astype(np.float32)
    return LinearModel(FEATURISER, ("one", "two"), weights, np.array([0.5, -1.0]))


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        ("a  b\n\tc", " a b c "),
        ("one, two,three", " one two three "),
        ("12345 6", " 00 0 "),
        ("wait!!!!", " wait!! "),
        ("élan", " elan "),
        ("ёлка, что", " елка что "),
        ("中、文", " 中 文 "),
        ("", " "),
    ],
)
def test_collapsing_keeps_what_tells_texts_apart(text: str, collapsed: str) -> None:
    assert collapse(text).string() == collapsed


@given(st.text(max_size=200))
def test_offsets_lead_back_into_the_text(text: str) -> None:
    collapsed = collapse(text)
    for start in range(0, len(collapsed), 7):
        first, last = collapsed.offsets(start, min(start + 5, len(collapsed)))
        assert 0 <= first <= last <= len(text)
    assert collapsed.offsets(0, len(collapsed))[0] == 0


def test_offsets_of_a_word_are_the_word() -> None:
    text = "ab   cd,  efg!!!! hi"
    collapsed = collapse(text)
    start = collapsed.string().index("efg")
    first, last = collapsed.offsets(start, start + 3)
    assert text[first:last] == "efg"


@given(st.text(min_size=1, max_size=120))
def test_a_lone_surrogate_or_any_code_point_is_read(text: str) -> None:
    assert len(collapse(text + "\ud800\U000e0041")) >= 3


def test_the_whole_window_has_the_logit_of_the_text_s_cells(model: LinearModel) -> None:
    collapsed = collapse("The quick brown fox jumps over the lazy dog, again and again.")
    evidence = model.evidence(collapsed)
    cells, factor = FEATURISER.cells(collapsed)
    for head, name in enumerate(model.heads):
        expected = float(model.weights[head].take(cells).astype(np.float64).sum()) * factor + model.biases[head]
        found = evidence[name].logits(np.array([0]), np.array([len(collapsed)]))
        assert found[0] == pytest.approx(expected, rel=1e-4)


def test_reading_in_chunks_changes_nothing(model: LinearModel, monkeypatch: pytest.MonkeyPatch) -> None:
    collapsed = collapse("Wenn die Rechnung kommt, 请告诉我 please, and then we pay it. " * 40)
    ends = np.arange(1, len(collapsed) + 1)
    whole = model.evidence(collapsed)["one"].logits(np.zeros_like(ends), ends)
    monkeypatch.setattr(linear, "_CHUNK", 100)
    assert model.evidence(collapsed)["one"].logits(np.zeros_like(ends), ends) == pytest.approx(whole, abs=1e-4)


def test_scripts_without_spaces_have_a_word_for_each_character() -> None:
    words = Featuriser(bits=12, char_orders=(), word_orders=(1,))
    counts = [len(words.cells(collapse(text))[0]) for text in ("two words", "两个词语", "日本 go")]
    assert counts == [2, 4, 3]


def test_an_n_gram_that_recurs_counts_three_times_at_most(model: LinearModel) -> None:
    collapsed = collapse("pay the bill now and then. " * 20)
    start, end = np.array([0, 100]), np.array([80, 400])
    calm = model.logits_without_repetition(collapsed, "two", start, end)
    for index in range(2):
        counts = Counter(
            cell
            for found, places in FEATURISER.ngrams(collapsed, 0, len(collapsed))
            for cell, place in zip(found.tolist(), places.tolist(), strict=True)
            if start[index] <= place < end[index]
        )
        assert max(counts.values()) > 3
        total = sum(min(count, 3) * float(model.weights[1, cell]) for cell, count in counts.items())
        assert calm[index] == pytest.approx(total / np.sqrt(end[index] - start[index] + 32) - 1.0, rel=1e-4)


def test_ranges_can_be_left_out_of_the_evidence(model: LinearModel) -> None:
    evidence = model.evidence(collapse("one two three four five six seven eight"))["one"]
    without = evidence.without(np.array([4, 6, 20]), np.array([9, 12, 20]))
    outside = np.array([place for place in range(len(evidence.sums) - 1) if not 4 <= place < 12])
    parts = np.diff(evidence.sums)
    assert without.sums[-1] == pytest.approx(parts[outside].sum())
    assert np.diff(without.sums)[4:12].tolist() == [0.0] * 8


def test_a_saved_model_scores_as_before(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model.npz")
    loaded = LinearModel.load(tmp_path / "model.npz")
    assert (loaded.heads, loaded.featuriser) == (model.heads, model.featuriser)
    assert np.abs(loaded.weights - model.weights).max() < 0.02 * np.abs(model.weights).max()
    assert loaded.biases.tolist() == model.biases.tolist()


def test_saving_twice_gives_the_same_bytes(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path / "one.npz")
    model.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_model_of_another_featuriser_is_refused(model: LinearModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model.save(tmp_path / "model.npz")
    monkeypatch.setattr(linear, "FEATURISER_VERSION", 99)
    with pytest.raises(ConfigurationError, match="another featuriser"):
        LinearModel.load(tmp_path / "model.npz")


def test_the_deadline_is_asked_for_each_chunk(model: LinearModel) -> None:
    calls: list[None] = []
    model.evidence(collapse("word " * 40_000), lambda: calls.append(None))
    assert len(calls) >= 6
