"""Cutting a text into windows, and what a model folder must be to be used; no weights are needed for these."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.errors import ConfigurationError
from scangate.inference.calibration import load_calibration
from scangate.inference.catalog import open_folder
from scangate.inference.guard import cut

TOKENS = 110


def codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@given(st.text(alphabet=st.characters(codec="utf-32-le"), max_size=3000) | st.text(alphabet="ab. \n", max_size=6000))
def test_windows_cover_the_text_in_order_and_overlap(text: str) -> None:
    windows = cut(codes(text), TOKENS)
    assert windows[0].start == 0 and windows[-1].end == len(text)
    for left, right in itertools.pairwise(windows):
        assert left.start < right.start <= left.end < right.end


def test_short_text_is_one_window_and_long_text_ends_windows_at_sentences() -> None:
    assert len(cut(codes("A short sentence."), TOKENS)) == 1
    text = "The delivery is late; please call the supplier. " * 100
    windows = cut(codes(text), TOKENS)
    assert len(windows) > 10
    assert all(text[: window.end].rstrip().endswith(".") for window in windows)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "字" * 50_000, "😀" * 50_000, " " * 50_000], ids=["word", "ideographs", "emoji", "blank"]
)
def test_text_without_boundaries_is_cut_all_the_same(text: str) -> None:
    windows = cut(codes(text), TOKENS)
    assert windows[-1].end == len(text)
    assert max(window.end - window.start for window in windows) <= TOKENS / 0.3 + 1


def folder(path: Path, **changes: object) -> Path:
    (path / "a.bin").write_bytes(b"weights")
    entry = {"sha256": hashlib.sha256(b"weights").hexdigest(), "bytes": 7}
    manifest = {
        "outputs": {"toxic": ["hate"]}, "vocabulary": 10, "hidden": 4, "window": 112, "start_id": 0, "end_id": 2,
        "files": {"a.bin": entry},
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(manifest | changes))
    return path


def test_whole_folder_opens(tmp_path: Path) -> None:
    opened = open_folder(folder(tmp_path))
    assert opened.file("a.bin").read_bytes() == b"weights"
    with pytest.raises(ConfigurationError, match=r"has no file 'b\.bin'"):
        opened.file("b.bin")


def test_altered_missing_or_unreadable_model_is_refused_by_name(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "a.bin").write_bytes(b"weightz")
    with pytest.raises(ConfigurationError, match=r"'a\.bin' .* is missing or was altered"):
        open_folder(path)
    (path / "a.bin").unlink()
    with pytest.raises(ConfigurationError, match="is missing or was altered"):
        open_folder(path)
    (path / "manifest.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        open_folder(path)
    (path / "manifest.json").unlink()
    with pytest.raises(ConfigurationError, match=r"manifest\.json is missing"):
        open_folder(path)


def test_calibration_turns_logits_into_probabilities(tmp_path: Path) -> None:
    point = {"temperature": 2.0, "high": {"threshold": 0.9}, "moderate": {"threshold": 0.6}}
    (tmp_path / "calibration.json").write_text(json.dumps({"outputs": {"agent": point}}))
    calibration = load_calibration(tmp_path / "calibration.json")
    assert calibration.probability("agent", 0.0) == 0.5
    assert calibration.probability("agent", 1e9) <= 1.0
    assert calibration.outputs["agent"].high == 0.9
    with pytest.raises(ConfigurationError):
        load_calibration(tmp_path / "no.json")
