"""Commands on the installation in a data directory, beside a server that may be running on it, and how they print."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.errors import RequestInvalidError
from scangate.identity import application_repository, service
from scangate.identity.principal import Operator
from scangate.identity.service import Authenticator, Identity
from scangate.identity.tokens import Tokens
from scangate.settings import Settings, load_settings

DataDir = Annotated[Path | None, typer.Option(help="Data directory of the server.")]
Tenant = Annotated[str | None, typer.Option(help="Id or name of the tenant; by default the one of the first start.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
T = TypeVar("T")


def on_installation(data_dir: Path | None, work: Callable[[Database, str], Awaitable[T]], *, tenant: str | None = None) -> T:
    """Run `work(database, tsg_id)` on the installation in a data directory; a server may be running on it.

    Raises:
        ConfigurationError, RequestInvalidError: there is no sound installation there, or no such tenant.
    """

    return on_configured(data_dir, lambda database, _settings, tsg_id: work(database, tsg_id), tenant=tenant)


def on_configured(
    data_dir: Path | None, work: Callable[[Database, Settings, str], Awaitable[T]], *, tenant: str | None = None
) -> T:
    """The same, for work that needs the settings too."""

    async def run(database: Database, settings: Settings) -> T:
        return await work(database, settings, await _tenant(database, tenant))

    return _on_database(data_dir, run)


def on_identity(data_dir: Path | None, tenant: str | None, work: Callable[[Identity, Operator], Awaitable[T]]) -> T:
    """Run `work(identity, operator)` for a tenant; the audit log says that it was the command line.

    Raises:
        ConfigurationError, RequestInvalidError: as above.
    """

    async def run(database: Database, settings: Settings) -> T:
        tokens = Tokens(database, key_days=settings.identity.signing_key_days)
        identity = Identity(database, tokens, Authenticator(database, tokens), settings.identity)
        return await work(identity, command_line(await _tenant(database, tenant)))

    return _on_database(data_dir, run)


def _on_database(data_dir: Path | None, work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database_url)

    async def run() -> T:
        database = Database(settings.database_url, busy_seconds=settings.database.busy_seconds)
        try:
            return await work(database, settings)
        finally:
            await database.close()

    return asyncio.run(run())


async def _tenant(database: Database, id_or_name: str | None) -> str:
    if id_or_name is None:
        return await service.tenant_of_installation(database)
    async with database.read() as connection:
        known = await application_repository.list_tenants(connection)
    named = [tenant.tsg_id for tenant in known if id_or_name == tenant.tsg_id] or [
        tenant.tsg_id for tenant in known if id_or_name == tenant.name
    ]
    if len(named) != 1:
        raise RequestInvalidError(f"no tenant {id_or_name!r}" if not named else f"several tenants are called {id_or_name!r}")
    return named[0]


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_documents(documents: Sequence[BaseModel], columns: dict[str, str], *, as_json: bool) -> None:
    """A JSON array, or a table of some of the fields: `columns` is title to field."""
    rows = [document.model_dump(mode="json", exclude_none=True) for document in documents]
    if as_json:
        print_json(rows)
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row.get(field)) for field in columns.values()))
    Console().print(table)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
