"""The shipped grounding model on plain cases: what each verdict means, also across languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scangate.detectors.contract import Resources
from scangate.detectors.guard import shared_vocabulary
from scangate.errors import ConfigurationError
from scangate.inference.entailment import GROUNDING_DIR, Entailment, load_entailment

PASSAGE = "The Norvik library opens at nine in the morning and closes at six. Members may borrow ten books for four weeks."


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources()


@pytest.fixture(scope="module")
def model(resources: Resources) -> Entailment:
    return load_entailment(shared_vocabulary(resources))


@pytest.mark.parametrize(
    "claim",
    ["Members may borrow ten books for four weeks.", "The library opens at nine.", "Die Bibliothek öffnet um neun Uhr morgens."],
)
def test_what_the_passage_says_is_likelier_supported_than_what_it_does_not(claim: str, model: Entailment) -> None:
    said, unsaid = model.judge(claim, PASSAGE), model.judge("The museum sells postcards of penguins.", PASSAGE)
    assert said.supported > 0.5 > unsaid.supported
    assert sum(said) == pytest.approx(1.0)


def test_a_denied_sentence_is_contradicted(model: Entailment) -> None:
    denied = model.judge("Members may not borrow ten books for four weeks.", PASSAGE)
    assert denied.contradicted > denied.absent
    assert denied.supported < model.judge("Members may borrow ten books for four weeks.", PASSAGE).supported


@pytest.mark.parametrize(
    ("claim", "passage"), [("", ""), ("a", ""), ("", "a"), ("😀" * 500, "word " * 5000), ("\ud800", "\u202e")]
)
def test_any_text_gets_an_answer(claim: str, passage: str, model: Entailment) -> None:
    clean = [text.encode("utf-8", "replace").decode() for text in (claim, passage)]
    assert all(0.0 <= chance <= 1.0 for chance in model.judge(*clean))


def test_an_altered_file_is_refused_before_anything_is_scanned(tmp_path: Path, resources: Resources) -> None:
    folder = shutil.copytree(GROUNDING_DIR, tmp_path / "grounding")
    with (folder / "grounding.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x00")
        file.seek(2000)
        file.write(b"\xff\x01\x02")
    with pytest.raises(ConfigurationError, match=r"grounding\.onnx"):
        load_entailment(shared_vocabulary(resources), folder)
