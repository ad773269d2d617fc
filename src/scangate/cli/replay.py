"""`scangate profiles test`: what two revisions of a profile decide differently on rows of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scangate.cli.eval import progress_bar
from scangate.cli.installation import AsJson, DataDir, Tenant, print_json
from scangate.cli.plans import local_resources
from scangate.cli.profiles import app, document_of, on_profiles, read_document
from scangate.cli.rows import opened
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.domain.profile import parse_policy
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import ProfileInvalidError
from scangate.evaluation.replay import Decision, differences, read_rows
from scangate.identity.principal import Operator
from scangate.profiles.documents import checked_profile
from scangate.profiles.own_profiles import OwnProfiles
from scangate.profiles.service import Profiles

DIFFERENT_EXIT_CODE = 1
Side = tuple[str, object]
Ready = tuple[str, object, OwnProfiles]
"""What is compared: a label, and a profile document."""


@app.command("test")
def test_profile(
    profile: Annotated[str, typer.Argument(help="A profile's name.")],
    file: Annotated[
        Path, typer.Argument(help="Rows as JSON lines, plain or gzip: scan requests, or text and side; - for standard input.")
    ],
    before: Annotated[
        int | None, typer.Option(min=1, help="The revision to compare with; by default the one before the newest.")
    ] = None,
    after: Annotated[int | None, typer.Option(min=1, help="The other revision; by default the newest.")] = None,
    document: Annotated[
        Path | None, typer.Option(help="A profile document (JSON or YAML) in place of --after; then --before is the newest.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Scan rows under two revisions of a profile, or the newest and a file, and print which of them they decide differently.
    Exit code 0: none, 1: some, 2: not tested."""
    if document is not None and after is not None:
        raise ProfileInvalidError("give --after or --document, not both")
    with opened(file) as stream:
        rows = read_rows(stream)
    new = None if document is None else (str(document), read_document(document))
    sides = on_profiles(data_dir, tenant, lambda profiles, operator: _sides(profiles, operator, profile, before, after, new))
    resources = local_resources(data_dir)
    plans = [_plan(content, resources, own) for _, content, own in sides]
    with progress_bar(len(rows)) as advance:
        found = list(differences(rows, plans[0], plans[1], advance))
    labels = [label for label, _, _ in sides]
    if as_json:
        differing = [difference.document() for difference in found]
        print_json({"before": labels[0], "after": labels[1], "rows": len(rows), "differences": differing})
    else:
        typer.echo(f"{len(found)} of {len(rows)} rows are decided differently")
        if found:
            table = Table("line", *labels)
            for difference in found:
                table.add_row(str(difference.line), _words(difference.before), _words(difference.after))
            Console().print(table)
    if found:
        raise typer.Exit(DIFFERENT_EXIT_CODE)


async def _sides(
    profiles: Profiles, operator: Operator, name: str, before: int | None, after: int | None, new: Side | None
) -> tuple[Ready, Ready]:
    revisions = {each.revision: each for each in await profiles.revisions(operator.tsg_id, name)}
    newest = max(revisions)
    last = newest if after is None else after
    if before is not None:
        first = before
    elif new is not None:
        first = newest
    else:
        first = max((number for number in revisions if number < last), default=0)
        if not first:
            raise ProfileInvalidError(f"{name!r} has no revision before {last}: give --before, or a file with --document")
    for number in {first} if new is not None else {first, last}:
        if number not in revisions:
            raise ProfileInvalidError(f"profile not found: {name!r} revision {number}")
    sides = [(f"revision {number}", document_of(revisions[number])) for number in (first, last) if number in revisions]
    chosen = sides[0], new or sides[-1]
    ready = [(label, content, await profiles.own_of(operator.tsg_id, content)) for label, content in chosen]
    return ready[0], ready[1]


def _plan(document: object, resources: Resources, own: OwnProfiles) -> ScanPlan:
    draft = checked_profile(document, REGISTRY, resources, own)
    policy = parse_policy(draft.policy)
    own.bind(policy)
    return compile_plan(policy, REGISTRY, resources, profile_id="", profile_name=draft.name, revision=0)


def _words(decision: Decision) -> str:
    masks = ", masked" if any(text is not None for text in decision.masked) else ""
    return f"{decision.action}, {decision.category}{masks}" + (f": {', '.join(decision.flags)}" if decision.flags else "")
