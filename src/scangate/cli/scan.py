"""`scangate scan`: the same engine and the same JSON as the server's, without a server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from scangate.cli.plans import local_resources, plan_of
from scangate.detectors.registry import REGISTRY
from scangate.domain.content import Content, Part
from scangate.domain.ids import correlation_ids, new_id
from scangate.domain.taxonomy import PartKind, Side
from scangate.engine.pipeline import scan as scan_content
from scangate.errors import RequestInvalidError
from scangate.profiles.own_profiles import OwnProfiles
from scangate.profiles.seeds import DEFAULT_PROFILE
from scangate.scans.wire import ScanIds, scan_report, scan_response

BLOCKED_EXIT_CODE = 1


def scan(
    file: Annotated[Path | None, typer.Argument(help="A file to scan as a prompt; - for standard input.")] = None,
    profile: Annotated[str, typer.Option(help="A seeded profile's name, or a file with a profile document.")] = DEFAULT_PROFILE,
    prompt: Annotated[str | None, typer.Option(help="Text to scan as a prompt.")] = None,
    response: Annotated[str | None, typer.Option(help="Text to scan as a model's response.")] = None,
    data_profiles: Annotated[
        list[Path] | None,
        typer.Option(
            help="A data profile of your own, as JSON or YAML, that is looked for beside the profile's; may be given again."
        ),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data directory of a server, whose data profiles the profile may name.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="With --data-dir: id or name of the tenant.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Print the report beside the response.")] = False,
) -> None:
    """Scan a text and print the verdict as JSON. Exit code 0: allowed, 1: blocked, 2: not scanned."""
    parts = _parts(file, prompt, response)
    if data_profiles and data_dir:
        raise RequestInvalidError("data profiles come from files or from a data directory, not from both")
    resources = local_resources(data_dir)

    def bring(document: dict[str, Any]) -> tuple[dict[str, Any], OwnProfiles]:
        from scangate.cli import own_data_profiles  # the database and its parts are for this only

        if data_dir:
            return document, own_data_profiles.of_server(data_dir, tenant, document, resources)
        own = own_data_profiles.from_files(data_profiles or (), resources)
        return own_data_profiles.with_members(document, list(own.by_name)), own

    plan = plan_of(profile, REGISTRY, resources, bring) if data_profiles or data_dir else plan_of(profile, REGISTRY, resources)
    received = datetime.now(UTC)
    verdict = scan_content(Content(parts), plan)
    ids = ScanIds(new_id(), *correlation_ids(None, None, None))
    document = scan_response(verdict, plan, ids, received, datetime.now(UTC))
    if report:
        document = {"response": document, "report": scan_report(verdict, plan, ids)}
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    if verdict.action == "block":
        raise typer.Exit(BLOCKED_EXIT_CODE)


def _parts(file: Path | None, prompt: str | None, response: str | None) -> tuple[Part, ...]:
    if file is not None:
        if prompt is not None:
            raise RequestInvalidError("give a file or --prompt, not both")
        prompt = _read(file)
    parts = [Part(side, PartKind.TEXT, text) for side, text in ((Side.PROMPT, prompt), (Side.RESPONSE, response)) if text]
    if not parts:
        raise RequestInvalidError("nothing to scan: give --prompt, --response, a file, or - for standard input")
    return tuple(parts)


def _read(file: Path) -> str:
    """Text in UTF-8; what is not UTF-8 is scanned with replacement characters, not refused."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise RequestInvalidError(f"cannot read {str(file)!r}: {error.strerror}") from None
    return data.decode("utf-8", "replace")
