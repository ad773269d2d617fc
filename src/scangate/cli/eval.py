"""`scangate eval`: how good a detector is on labelled rows of your own, in process or through a running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from scangate import __version__
from scangate.cli.plans import MEASURED_PROFILE, judge_under, local_resources
from scangate.cli.rows import opened
from scangate.detectors.contract import DetectorSpec
from scangate.detectors.registry import REGISTRY
from scangate.errors import RequestInvalidError
from scangate.evaluation import judging
from scangate.evaluation.judging import Judgement, spec_named
from scangate.evaluation.rows import Row, RowFormat
from scangate.evaluation.summary import summarise
from scangate.evaluation.tables import tables

if TYPE_CHECKING:
    from scangate.client import Server

INTERRUPTED_EXIT_CODE = 130
_NAMES = ", ".join(spec.name.value for spec in REGISTRY)


def evaluate(
    file: Annotated[Path, typer.Argument(help="Labelled rows as JSON lines, plain or gzip; - for standard input.")],
    task: Annotated[str, typer.Option(help=f"The detector to measure: {_NAMES}.")],
    profile: Annotated[
        str | None,
        typer.Option(
            help="A seeded profile's name or a file; by default this detector alone blocks. With --via: a name or id there."
        ),
    ] = None,
    by: Annotated[str, typer.Option(help="Fields of the rows to group by, as in lang,kind,source.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    show_text: Annotated[bool, typer.Option("--show-text", help="Show the first 80 characters of the worst mistakes.")] = False,
    via: Annotated[
        str | None, typer.Option(help="Address of a running server to scan through, as in https://localhost:8443.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="SCANGATE_API_KEY", help="API key for --via; better in SCANGATE_API_KEY.")
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificates (PEM) to trust for --via, as data/tls/ca.pem.")] = None,
) -> None:
    """Measure a detector on labelled rows. Exit code 0: measured, 2: not measured."""
    spec = spec_named(task, REGISTRY)
    fields = tuple(dict.fromkeys(field.strip() for field in by.split(",") if field.strip()))
    try:
        rows = _rows(file, RowFormat(spec.sides, fields, spec.kinds, spec.entities, spec.row_protection))
        if via is None:
            judged = _in_process(spec, rows, profile or MEASURED_PROFILE)
        else:
            judged = _through(_server(via, api_key, profile, ca), spec, rows)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED_EXIT_CODE) from None
    head = {"task": task, "version": __version__, "profile": profile, "via": via}
    summary = {**head, **summarise(judged, fields, show_text=show_text)}
    if json:
        typer.echo(orjson.dumps(summary).decode())
        return
    console = Console()
    for table in tables(summary):
        console.print(table)


def _rows(file: Path, row_format: RowFormat) -> list[Row]:
    with opened(file) as stream:
        return row_format.read(stream)


def _in_process(spec: DetectorSpec[Any], rows: list[Row], profile: str) -> list[Judgement]:
    with progress_bar(len(rows)) as advance:
        return judge_under(profile, spec, rows, local_resources(), advance)


def _server(via: str, api_key: str | None, profile: str | None, ca: Path | None) -> Server:
    from scangate.client import Server  # the server, whose start imports this module, needs no HTTP client

    if not api_key:
        raise RequestInvalidError("--via needs an API key: set SCANGATE_API_KEY, or give --api-key")
    return Server(via, api_key, profile, ca)


def _through(server: Server, spec: DetectorSpec[Any], rows: list[Row]) -> list[Judgement]:
    from scangate.evaluation.remote import judge_via

    if any(row.kinds is not None or row.spans is not None for row in rows):
        raise RequestInvalidError("rows labelled with kinds or spans are measured in process: leave out --via")
    if any(row.protection is not None for row in rows):
        raise RequestInvalidError("rows that bring their topics with them are measured in process: leave out --via")

    with progress_bar(len(rows)) as advance:
        return judge_via(server, spec, rows, advance)


@contextmanager
def progress_bar(total: int) -> Iterator[judging.Progress]:
    """A bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    with Progress(*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(), console=console) as progress:
        rows = progress.add_task("rows", total=total)
        yield lambda: progress.advance(rows)
