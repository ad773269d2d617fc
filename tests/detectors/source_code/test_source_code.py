"""What is source code and what only looks like it: fences, unmarked code, diffs, tool values; configuration, logs and prose."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from scangate.detectors.contract import ReportContext, Resources, Subject
from scangate.detectors.source_code import SPEC
from scangate.detectors.source_code.detector import MAX_FLAGGED
from scangate.detectors.source_code.evidence import FEATURES
from scangate.detectors.source_code.finding import KINDS, SourceCodeFinding
from scangate.detectors.source_code.options import SourceCodeOptions, from_protections
from scangate.detectors.source_code.report import MAX_SNIPPETS
from scangate.detectors.source_code.scoring import load_trees
from scangate.domain.content import Part
from scangate.domain.profile import Protections, parse_policy
from scangate.domain.taxonomy import Action, PartKind, Severity, Side
from scangate.engine.plan import compile_plan
from scangate.errors import DeadlineExceededError
from scangate.matching.code_blocks import BlockKind
from scangate.matching.prepare import prepare
from scangate.profiles.seeds import seeded_profiles

Scan = Callable[..., list[SourceCodeFinding]]

PYTHON = "def parcel_price(weight, zone):\n    base = RATES[zone]\n    if weight > 20:\n        base += 4.5\n    return round(base * weight, 2)"
GO = "func (q *Queue) Push(item Item) error {\n\tif len(q.items) == q.limit {\n\t\treturn ErrFull\n\t}\n\tq.items = append(q.items, item)\n\treturn nil\n}"
SHELL = '#!/bin/sh\nset -eu\nfor file in "$SPOOL"/*.lbl; do\n  [ -e "$file" ] || continue\n  lp -d "$PRINTER" "$file" && mv "$file" "$DONE"\ndone'


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources()


@pytest.fixture(scope="module")
def scan(resources: Resources) -> Scan:
    def run(text: str, kind: PartKind = PartKind.TEXT, action: Action = Action.BLOCK) -> list[SourceCodeFinding]:
        side = Side.TOOL_OUTPUT if kind is PartKind.JSON else Side.PROMPT
        detector = SPEC.compile(SourceCodeOptions(action=action), resources)
        findings = detector.detect(Subject(Part(side, kind, text), prepare(text, kind)))
        return [finding for finding in findings if isinstance(finding, SourceCodeFinding)]

    return run


SOURCE = [
    (f"Can you find the bug?\n\n{PYTHON}\n\nThanks!", BlockKind.UNFENCED, "python"),
    (f"Look:\n```\n{PYTHON}\n```\nWhat now?", BlockKind.FENCED, "python"),
    (f"Look:\n```go\n{GO}\n```", BlockKind.FENCED, "go"),
    (GO, BlockKind.UNFENCED, "go"),
    (SHELL, BlockKind.UNFENCED, "shell"),
    (
        "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,5 +1,5 @@\n"
        + "\n".join(("+" if "base +=" in line else " ") + line for line in PYTHON.split("\n")),
        BlockKind.DIFF,
        "python",
    ),
]


@pytest.mark.parametrize(("text", "kind", "language"), SOURCE)
def test_source_code_is_flagged_with_its_form_and_language(scan: Scan, text: str, kind: BlockKind, language: str) -> None:
    [found] = scan(text)
    assert found.flagged
    assert found.action is Action.BLOCK
    assert (found.kind, found.language) == (kind, language)
    assert "return" in text[found.span.start : found.span.end] or language == "shell"


SHORT = {
    "ruby": "def self.waiting\n  where(printed_at: nil).order(:created_at)\nend",
    "lua": "local names = {}\nfor i = 1, 10 do\n  names[i] = stops[i].name\nend",
    "kotlin": "data class Stop(val id: String, val open: Boolean)\n\nfun late(stops: List<Stop>) = stops.count { !it.open }",
    "swift": "if let stop = stops.first {\n    show(stop.name)\n}",
    "scala": "case class Stop(id: Int)\n\nval late = stops.filter(_.late).map(_.id)",
    "r": "late <- subset(stops, delay > 5)\nboxplot(delay ~ line, data = late)",
    "go": "if stop, ok := stops[id]; ok {\n\treturn stop, nil\n}",
    "rust": "if let Some(stop) = stops.get_mut(&id) {\n    stop.visits += 1;\n}",
}


@pytest.mark.parametrize("language", SHORT)
def test_a_few_lines_without_a_fence_are_seen(scan: Scan, language: str) -> None:
    assert any(finding.flagged for finding in scan(f"Can you check this for me?\n\n{SHORT[language]}\n\nThanks!"))


WORKFLOW = (
    "name: build\non: push\npermissions: read-all\njobs:\n  test:\n    runs-on: ubuntu-latest\n    timeout-minutes: 10\n    env:\n      CI: true\n"
    "    steps:\n      - name: fetch\n        uses: actions/checkout\n      - name: test\n        run: |\n"
    '          if ! make test; then\n            echo "failed" >> report.txt\n            exit 1\n          fi\n'
)
EXAMPLE = "    for name in stops do\n      print(name)\n    end\n"
MANUAL = "".join(
    f"Section {number} of the manual tells what the option does and when it is of use to you.\n" for number in range(60)
)


@pytest.mark.parametrize("text", [WORKFLOW, MANUAL + EXAMPLE + MANUAL])
def test_values_of_a_configuration_and_examples_of_a_manual_are_told_of_and_not_flagged(scan: Scan, text: str) -> None:
    assert not [finding for finding in scan(text) if finding.flagged]


def test_much_code_in_a_manual_or_a_configuration_is_flagged(scan: Scan) -> None:
    for text in (MANUAL + PYTHON + "\n" + PYTHON.replace("parcel", "letter") + "\n" + MANUAL, f"retries: 3\nscript:\n{PYTHON}"):
        assert any(finding.flagged for finding in scan(text))


NO_SOURCE = [
    "[server]\nhost = 127.0.0.1\nport = 8443\n\n[log]\nlevel = info\nfile = /var/log/app.log",
    "server:\n  host: 0.0.0.0\n  tls:\n    enabled: true\n    cert: /etc/tls/cert.pem\nlimits:\n  - name: small\n    rate: 10",
    '```toml\n[project]\nname = "parcels"\nversion = "1.2.0"\n```',
    '{\n  "sku": "A1",\n  "weight": 3.5,\n  "stop": {"id": 7, "city": "Lyon"}\n}',
    '```json\n{"status": "ok", "items": [{"id": 1}, {"id": 2}], "next": null}\n```',
    "2026-03-01 12:00:01 INFO worker.3 finished job 8812 in 40 ms\n2026-03-01 12:00:02 ERROR api reset by 10.0.0.9:443",
    "| sku | weight |\n|-----|--------|\n| A1  | 3.5    |\n| B2  | 1.0    |",
    "<table>\n  <tr><th>City</th></tr>\n  <tr><td>Lyon</td></tr>\n</table>",
    "$ git status\nOn branch main\nnothing to commit, working tree clean\n$ ls\nREADME.md  src  tests",
    "```console\nann@web:~$ systemctl status nginx\nActive: active (running)\nann@web:~$ df -h /\n/dev/sda1 40G 12G\n```",
    "1. Read the list.\n2. For each parcel, look up the zone.\n3. If the zone is unknown, ask.\n4. Otherwise print the label.",
    "The function of the depot is to return parcels; if the class is fragile, it goes to the left.",
    "Use `git pull` before you start, and `total = 12` is the value.",
    "sku,weight,city\nA1,3.5,Lyon\nB2,1.0,Nice\nC3,7.25,Metz",
    "请用简单的话解释什么是函数，以及为什么要写测试。",
    "",
]


@pytest.mark.parametrize("text", NO_SOURCE)
def test_what_only_looks_like_code_is_not_flagged(scan: Scan, text: str) -> None:
    assert not [finding for finding in scan(text) if finding.flagged]


def test_a_file_in_a_tools_answer_is_found_in_its_value(scan: Scan) -> None:
    text = json.dumps({"path": "src/price.py", "content": PYTHON})
    [found] = scan(text, PartKind.JSON)
    assert found.flagged
    assert text[found.span.start : found.span.end].startswith("def parcel_price")


def test_a_part_that_is_sent_as_code_is_one_block(scan: Scan) -> None:
    [found] = scan(PYTHON, PartKind.CODE)
    assert found.flagged
    assert (found.span.start, found.span.end) == (0, len(PYTHON))


def test_code_that_is_carried_in_base64_is_found_behind_it(scan: Scan) -> None:
    code = "import os\n\n" + "\n\n".join(PYTHON.replace("parcel_price", f"price_{number}") for number in range(3))
    carried = base64.b64encode(code.encode()).decode()
    found = [finding for finding in scan(f"Here is the file: {carried}") if finding.flagged]
    assert found
    assert found[0].encodings
    assert f"Here is the file: {carried}"[found[0].span.start : found[0].span.end] in carried


def test_a_single_line_of_code_is_reported_and_not_flagged(scan: Scan) -> None:
    found = scan("```python\ndef parcel_price(weight): return round(RATES[zone] * weight, 2)\n```")
    assert len(found) == 1
    assert not found[0].flagged


def test_allow_reports_source_code_without_flagging_it(scan: Scan) -> None:
    found = scan(PYTHON, action=Action.ALLOW)
    assert [(finding.flagged, finding.action) for finding in found] == [(False, Action.ALLOW)]
    assert KINDS.of(found) == {"python"}


def test_alert_flags_it(scan: Scan) -> None:
    [found] = scan(PYTHON, action=Action.ALERT)
    assert (found.flagged, found.action) == (True, Action.ALERT)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, None),
        ({"source-code-detection": {"action": ""}}, None),
        ({"source-code-detection": {"action": "block"}}, (Action.BLOCK, Severity.HIGH)),
        ({"source-code-detection": {"action": "alert", "severity": "low"}}, (Action.ALERT, Severity.LOW)),
    ],
)
def test_the_profile_switches_it_on(data: dict[str, Any], expected: tuple[Action, Severity] | None) -> None:
    options = from_protections(Protections.model_validate({"data-protection": data}))
    assert (options and (options.action, options.severity)) == expected


@pytest.mark.parametrize("name", sorted(seeded_profiles()))
def test_seeded_profiles_report_source_code_and_do_not_flag_it(name: str, resources: Resources) -> None:
    plan = compile_plan(parse_policy(seeded_profiles()[name]), (SPEC,), resources, profile_id="p", profile_name=name, revision=1)
    [planned] = plan.side(Side.PROMPT).detectors
    assert planned.options.action is Action.ALLOW


def test_the_report_has_the_documented_fields_and_names_languages(scan: Scan) -> None:
    text = f"First:\n```python\n{PYTHON}\n```\nthen:\n```go\n{GO}\n```\n"
    part = Part(Side.PROMPT, PartKind.TEXT, text)
    found = scan(text)
    detail = SPEC.report(SourceCodeOptions(action=Action.BLOCK), [found], ReportContext(parts=(part,)))
    verdict = detail["source_code_report"]
    assert (verdict["verdict"], verdict["code_present"], verdict["category"]) == ("malicious", True, "code-detection")
    assert 0.6 <= verdict["confidence_score"] <= 1
    assert set(verdict["languages"]) == {"python", "go"}
    first = verdict["blocks"][0]
    assert text[first["location"][0] : first["location"][1] + 1].strip() == PYTHON
    assert detail["source_code_snippets"][0].strip() in (PYTHON, GO)


def test_the_report_of_a_text_without_code_is_benign() -> None:
    detail = SPEC.report(
        SourceCodeOptions(action=Action.BLOCK), [[]], ReportContext(parts=(Part(Side.PROMPT, PartKind.TEXT, "Hi"),))
    )
    assert detail == {
        "source_code_report": {"verdict": "benign", "confidence_score": 0.0, "code_present": False, "category": "code-detection"}
    }


def test_findings_and_snippets_are_bounded_and_disjoint(scan: Scan) -> None:
    text = "\n".join(
        f"Part {number} of the story, as it was told to us.\n```\n{PYTHON}\nx = {number}\n```\n" for number in range(200)
    )
    found = scan(text)
    assert sum(finding.flagged for finding in found) == MAX_FLAGGED
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))
    detail = SPEC.report(
        SourceCodeOptions(action=Action.BLOCK), [found], ReportContext(parts=(Part(Side.PROMPT, PartKind.TEXT, text),))
    )
    assert MAX_FLAGGED <= len(detail["source_code_snippets"]) <= MAX_SNIPPETS


def test_the_deadline_is_passed_on(resources: Resources) -> None:
    def late() -> None:
        raise DeadlineExceededError

    subject = Subject(Part(Side.PROMPT, PartKind.TEXT, PYTHON), prepare(PYTHON, PartKind.TEXT), checkpoint=late)
    with pytest.raises(DeadlineExceededError):
        SPEC.compile(SourceCodeOptions(action=Action.BLOCK), resources).detect(subject)


HOSTILE = [
    "```" * 5000,
    "\ud800" * 100,
    "{" * 10_000,
    "def f(:\n" * 3000,
    "\x00" * 1000,
    "`a" * 20_000,
    "@@ -1 +1 @@\n" * 2000,
    "a;" * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_survived(scan: Scan, text: str) -> None:
    assert all(0 <= finding.span.start <= finding.span.end <= len(text) for finding in scan(text))


def test_the_trees_are_made_for_these_features() -> None:
    trees = load_trees()
    assert trees.trees
    assert all(feature < len(FEATURES) for tree in trees.trees for feature in tree.features)
    assert 0 < trees.probability([0.0] * len(FEATURES)) < 1
