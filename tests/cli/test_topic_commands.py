"""`scangate topics library|add|eval`, and the warnings of `apply`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scangate.bootstrap import prepare
from scangate.cli.main import command_line
from scangate.detectors.topic_guardrails.library import find_in_library, load_library
from scangate.errors import NotFoundError, RequestInvalidError
from scangate.settings import load_settings

RECIPES = find_in_library("recipes")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("topics") / "data"
    folder.mkdir()
    prepare(load_settings(data_dir=folder))
    return folder


def run(*arguments: str) -> str:
    done = CliRunner().invoke(command_line(), ["topics", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows(path: Path) -> str:
    lines: list[dict[str, Any]] = [
        *({"text": text, "label": 1} for texts in RECIPES.matches.values() for text in texts),
        *({"text": text, "label": 0} for texts in RECIPES.passes.values() for text in texts),
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return str(path)


def test_the_library_is_listed() -> None:
    listed = json.loads(run("library", "--json"))
    assert [topic["id"] for topic in listed] == list(load_library()) and "tax-advice" in run("library")


def test_ready_topics_are_added_and_unknown_ones_refused(data_dir: Path) -> None:
    chosen = ("--from-library", "recipes", "--from-library", "Tax advice", "--data-dir", str(data_dir))
    stored = json.loads(run("add", *chosen, "--json"))
    assert [topic["topic_name"] for topic in stored] == ["Recipes and cooking", "Tax advice"]
    assert all(topic["review"]["quality"]["examples"] == 5 for topic in stored)
    with pytest.raises(NotFoundError, match="library has no topic"):
        run("add", "--from-library", "nothing", "--data-dir", str(data_dir))


def test_a_weak_topic_is_stored_with_a_warning(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "weak.json"
    file.write_text(json.dumps({"topic_name": "food", "description": "food", "examples": ["food"]}))
    assert "warning: name, description and examples are single words" in run("apply", str(file), "--data-dir", str(data_dir))


def test_a_topic_is_measured_whether_stored_ready_or_in_a_file(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "topic.json"
    body = {"topic_name": RECIPES.name, "description": RECIPES.description, "examples": list(RECIPES.examples)}
    file.write_text(json.dumps(body))
    run("apply", str(file), "--data-dir", str(data_dir))
    labelled = rows(tmp_path / "rows.jsonl")
    found = [json.loads(run("eval", topic, labelled, "--json", "--data-dir", str(data_dir))) for topic in
             (RECIPES.name, "recipes", str(file))]  # fmt: skip
    assert found[0] == found[1] == found[2]
    assert found[0]["about_the_topic"] == 9 and found[0]["coverage"] > 0.5
    assert "coverage" in run("eval", "recipes", labelled, "--data-dir", str(data_dir))


def test_rows_that_cannot_be_read_are_refused_with_their_line(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "x", "label": 1}\n{"text": "x"}\n')
    with pytest.raises(RequestInvalidError, match="line 2"):
        run("eval", "recipes", str(file), "--data-dir", str(data_dir))
