"""`scangate keys`: API keys, until the management API does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.identity import service
from scangate.settings import load_settings

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
DataDir = Annotated[Path | None, typer.Option(help="Data directory of the server.")]
T = TypeVar("T")


def on_installation(data_dir: Path | None, work: Callable[[Database, str], Awaitable[T]]) -> T:
    """Run `work(database, tsg_id)` on the installation in a data directory; a server may be running on it.

    Raises:
        ConfigurationError, RequestInvalidError: there is no sound installation there.
    """
    settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database_url)

    async def run() -> T:
        database = Database(settings.database_url, busy_seconds=settings.database.busy_seconds)
        try:
            return await work(database, await service.tenant_of_installation(database))
        finally:
            await database.close()

    return asyncio.run(run())


@app.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """List the keys; the keys themselves are not stored."""
    table = Table("name", "application", "ends in", "created", "expires", "revoked")
    for key in on_installation(data_dir, service.list_keys):
        dates = (key.created_at, key.expires_at, key.revoked_at)
        table.add_row(key.name, key.application, key.last8, *(f"{date:%Y-%m-%d %H:%M}" if date else "" for date in dates))
    Console().print(table)


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="A name of up to 31 characters.")],
    application: Annotated[str | None, typer.Option(help="The application it belongs to; by default the first one.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; by default never.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Create a key and print it, this once."""
    typer.echo(
        on_installation(
            data_dir, lambda database, tsg_id: service.create_key(database, tsg_id, name, application=application, days=days)
        )
    )


@app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's name or its last eight characters.")], data_dir: DataDir = None
) -> None:
    """Revoke a key; a running server refuses it within a second."""
    count = on_installation(data_dir, lambda database, tsg_id: service.revoke_key(database, tsg_id, key))
    typer.echo(f"revoked {count} key{'s' if count > 1 else ''}")
