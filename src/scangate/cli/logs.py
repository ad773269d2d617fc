"""`scangate logs`: the scan log, and what a tenant keeps of scans."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scangate.cli.installation import AsJson, DataDir, Tenant, on_installation, print_json
from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.errors import RequestInvalidError
from scangate.records.entry import ContentStorage
from scangate.records.repository import NOBODY
from scangate.records.schemas import LogFilter
from scangate.records.service import ScanLog
from scangate.scans.repository import delete_finished

app = typer.Typer(help="Show and export the scan log, and say what is kept for how long.", no_args_is_help=True)

Hours = Annotated[int, typer.Option(min=1, max=24 * 3650, help="How far back.")]
Filter = Annotated[LogFilter, typer.Option("--filter", help="Rows without a finding, those with one, or all.")]
_COLUMNS = {
    "received": "received_ts",
    "application": "app_name",
    "verdict": "verdict",
    "action": "action",
    "reason": "reason",
    "scan": "scan_id",
}


async def _documents(
    database: Database, tsg_id: str, hours: int, which: LogFilter, limit: int | None, write: Callable[[dict[str, Any]], object]
) -> int:
    """Hand each document to `write`; returns how many there were."""
    now = datetime.now(UTC)
    log = ScanLog(database, delete_finished)
    rows = 0
    async for document in log.everything(tsg_id, now - timedelta(hours=hours), now, which.category):
        if rows == limit:
            break
        write(document)
        rows += 1
    return rows


@app.command("list")
def list_logs(
    hours: Hours = 24,
    which: Filter = LogFilter.ALL,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 50,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what was scanned or refused, newest first."""
    found: list[dict[str, Any]] = []
    on_installation(
        data_dir, lambda database, tsg_id: _documents(database, tsg_id, hours, which, limit, found.append), tenant=tenant
    )
    _print(found, _COLUMNS, as_json=as_json)


def _print(found: list[dict[str, Any]], columns: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table()
    for title in columns:
        table.add_column(title, overflow="fold")
    for document in found:
        table.add_row(*(_cell(document[field]) for field in columns.values()))
    Console().print(table)


def _cell(value: object) -> Text:
    """Names come from clients: they must not give the terminal orders, nor rich."""
    return Text("".join(character if character.isprintable() else "?" for character in str(value)))


@app.command("refused")
def list_refused(
    hours: Hours = 24,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List refused requests of which nobody knows whose they are, newest first: no key, or one that no tenant ever had."""
    found: list[dict[str, Any]] = []
    on_installation(data_dir, lambda database, _: _documents(database, NOBODY, hours, LogFilter.ALL, limit, found.append))
    _print(found, {"received": "received_ts", "from": "user_ip", "reason": "reason"}, as_json=as_json)


@app.command("export")
def export_logs(
    output: Annotated[Path | None, typer.Argument(help="The file; by default standard output.")] = None,
    hours: Hours = 24,
    which: Filter = LogFilter.ALL,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Write the log as JSON lines, newest first; with --json as one array. Never content."""
    opening, between, closing = ("[\n", ",\n", "\n]\n") if as_json else ("", "\n", "\n")

    def export(stream: TextIO) -> None:
        separators = chain([opening], repeat(between))

        def write(document: dict[str, Any]) -> None:
            stream.write(next(separators) + json.dumps(document, ensure_ascii=False))

        rows = on_installation(
            data_dir, lambda database, tsg_id: _documents(database, tsg_id, hours, which, None, write), tenant=tenant
        )
        stream.write(closing if rows else "[]\n" if as_json else "")

    if output is None:
        export(sys.stdout)
        return
    try:
        with output.open("w", encoding="utf-8") as stream:
            export(stream)
    except OSError as error:
        raise RequestInvalidError(f"cannot write {str(output)!r}: {error.strerror}") from None


@app.command("retention")
def retention(
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Keep log, content, results and reports so long.")] = None,
    content: Annotated[
        ContentStorage | None, typer.Option(help="Store content of scans from now on: not at all, masked, or in full.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Delete what is too old now; a server does it every ten minutes.")
    ] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show or change what a tenant keeps of scans."""

    async def work(database: Database, tsg_id: str) -> dict[str, Any]:
        log = ScanLog(database, delete_finished)
        if days is not None or content is not None:
            await log.change_settings(command_line(tsg_id), content_storage=content, retention_days=days)
        settings = await log.settings(tsg_id)
        shown: dict[str, Any] = {
            "tsg_id": tsg_id,
            "content_storage": settings.content_storage.value,
            "retention_days": settings.retention_days,
        }
        return shown | ({"deleted": await log.apply_retention(tsg_id)} if apply else {})

    shown = on_installation(data_dir, work, tenant=tenant)
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        typer.echo(f"{name}: {value}")
