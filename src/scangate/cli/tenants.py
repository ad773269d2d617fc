"""`scangate tenants`: the tenants that share a server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scangate.cli.installation import AsJson, DataDir, on_installation, print_json
from scangate.cli.names import checked_name
from scangate.db.engine import Database
from scangate.domain.moments import timestamp
from scangate.identity import application_repository
from scangate.identity.application_repository import Tenant

app = typer.Typer(help="Create and list tenants.", no_args_is_help=True)


@app.command("list")
def list_tenants(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the tenants, the one of the first start first."""

    async def work(database: Database, _first: str) -> list[Tenant]:
        async with database.read() as connection:
            return await application_repository.list_tenants(connection)

    found = on_installation(data_dir, work)
    if as_json:
        print_json([{"tsg_id": one.tsg_id, "name": one.name, "created_ts": timestamp(one.created_at)} for one in found])
        return
    table = Table("id", "name", "created")
    for one in found:
        table.add_row(one.tsg_id, one.name, f"{one.created_at:%Y-%m-%d %H:%M}")
    Console().print(table)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A name of up to 100 characters, its own on this server.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a tenant with its first profiles, deployment profile, application, key and service account, and print its secrets,
    this once."""
    from scangate.tenants import create_tenant, first_profiles

    checked = checked_name(name, "the name")
    created = on_installation(data_dir, lambda database, _first: create_tenant(database, checked, first_profiles()))
    document = asdict(created)
    if as_json:
        print_json(document)
    else:
        typer.echo(
            "\n".join(f"{field}: {', '.join(value) if isinstance(value, tuple) else value}" for field, value in document.items())
        )
