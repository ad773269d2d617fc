"""`scangate scan` with data profiles of one's own, from files and from a server's data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from scangate.bootstrap import prepare
from scangate.cli.main import command_line
from scangate.errors import ScangateError
from scangate.settings import load_settings

RUNNER = CliRunner()


class Done(NamedTuple):
    exit_code: int
    output: str
    stdout: str = ""


def run(*arguments: str) -> Done:
    """As the console script does: an error of the program's own is exit code 2 and one line."""
    done = RUNNER.invoke(command_line(arguments[0]), list(arguments))
    if isinstance(done.exception, ScangateError):
        return Done(2, done.exception.message)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.output, done.stdout)


def written(folder: Path, name: str, document: dict[str, Any]) -> str:
    file = folder / name
    file.write_text(yaml.safe_dump(document), "utf-8")
    return str(file)


def customers(regex: str = r"\bC-\d{6}\b", **more: Any) -> dict[str, Any]:
    pattern = {"name": "Customer number", "type": "regex", "regexes": [{"regex": regex}], **more}
    return {"data_profile_name": "Customers", "patterns": [pattern]}


def leak_profile(*members: str) -> dict[str, Any]:
    leak = {"action": "block", "member": [{"text": member} for member in members]}
    configuration = {"model-configuration": {"data-protection": {"data-leak-detection": leak}}}
    return {"profile_name": "leaks", "policy": {"ai-security-profiles": [configuration]}}


def test_a_file_is_looked_for_beside_what_the_profile_names(tmp_path: Path) -> None:
    file = written(tmp_path, "customers.yaml", customers())
    profile = written(tmp_path, "profile.yaml", leak_profile("IP Addresses"))
    found = run("scan", "--profile", profile, "--data-profiles", file, "--prompt", "for C-123456", "--report")
    assert found.exit_code == 1, found.output
    document = json.loads(found.stdout)
    assert document["response"]["prompt_detected"]["dlp"] is True
    [row] = [row for row in document["report"]["detection_results"] if row["detection_service"] == "dlp"]
    assert row["result_detail"]["dlp_report"]["dlp_profile_name"] == "Customers"
    clean = run("scan", "--profile", profile, "--data-profiles", file, "--prompt", "for C-12345")
    assert clean.exit_code == 0, clean.output


def test_a_profile_may_name_it(tmp_path: Path) -> None:
    file = written(tmp_path, "customers.yaml", customers())
    profile = written(tmp_path, "profile.yaml", leak_profile("Customers"))
    arguments = ["scan", "--profile", profile, "--prompt", "for C-123456"]
    assert run(*arguments, "--data-profiles", file).exit_code == 1
    assert run(*arguments).exit_code == 2, "without the file there is no such data profile"


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        ("C-(\\d{6}", "patterns[0]: regexes[0]: the expression does not parse at position 2"),
        ("C*", "patterns[0]: regexes[0]: the expression matches the empty string"),
        (r"\pL{90}", "patterns[0]: regexes[0]: the expression is too large"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, regex: str, said: str) -> None:
    file = written(tmp_path, "customers.yaml", customers(regex))
    (tmp_path / "data").mkdir(mode=0o700)
    prepare(load_settings(data_dir=tmp_path / "data"))
    for arguments in (
        ["scan", "--data-profiles", file, "--prompt", "x"],
        ["data-profiles", "apply", file, "--data-dir", str(tmp_path / "data")],
    ):
        refused = run(*arguments)
        assert refused.exit_code == 2 and said in refused.output, arguments


def test_imports_come_from_a_data_directory_only(tmp_path: Path) -> None:
    staff = {"data_profile_name": "Staff", "patterns": [{"type": "exact_data", "name": "Names"}]}
    file = written(tmp_path, "staff.yaml", staff)
    refused = run("scan", "--data-profiles", file, "--prompt", "Ann Lee")
    assert refused.exit_code == 2 and "--data-dir" in refused.output
    data = str(tmp_path / "data")
    (tmp_path / "data").mkdir(mode=0o700)
    prepare(load_settings(data_dir=tmp_path / "data"))
    assert run("data-profiles", "apply", file, "--data-dir", data).exit_code == 0
    names = tmp_path / "names.txt"
    names.write_text("Ann Lee\n", "utf-8")
    assert run("data-profiles", "import-values", "Staff", str(names), "--data-dir", data).exit_code == 0
    profile = written(tmp_path, "profile.yaml", leak_profile("Staff"))
    for prompt, code in (("Is Ann  LEE here?", 1), ("Is Ann here?", 0)):
        done = run("scan", "--profile", profile, "--data-dir", data, "--prompt", prompt)
        assert done.exit_code == code, done.output
