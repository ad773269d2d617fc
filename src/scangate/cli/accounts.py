"""`scangate accounts`: service accounts, the OAuth clients of the management API."""

from __future__ import annotations

from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.cli.names import checked_name
from scangate.identity import accounts
from scangate.identity.permissions import SUPERUSER
from scangate.identity.schemas import GRACE_SECONDS_MAX, ServiceAccountObject

app = typer.Typer(help="Create, list and disable service accounts, and give them new secrets.", no_args_is_help=True)
_COLUMNS = {"client id": "client_id", "name": "name", "role": "role", "disabled": "disabled", "created": "created_ts"}


@app.command("list")
def list_accounts(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the service accounts; their secrets are not stored."""
    found = on_identity(data_dir, tenant, lambda identity, operator: accounts.list_accounts(identity, operator.tsg_id))
    print_documents([ServiceAccountObject.of(account) for account in found], _COLUMNS, as_json=as_json)


@app.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="A name of up to 100 characters.")],
    role: Annotated[str, typer.Option(help="What it may do: a role of `scangate roles list`.")] = SUPERUSER,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a service account and print its client id and secret, this once."""
    account, secret = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: accounts.create_account(identity, operator, checked_name(name, "the name"), role),
    )
    shown = ServiceAccountObject.of(account, secret=secret)
    if as_json:
        print_json(shown.model_dump(mode="json", exclude_none=True))
    else:
        typer.echo(f"client_id: {shown.client_id}\nclient_secret: {shown.client_secret}")


@app.command("rotate")
def rotate_secret(
    client_id: Annotated[str, typer.Argument(help="The account's client id.")],
    grace_seconds: Annotated[
        int | None,
        typer.Option(min=0, max=GRACE_SECONDS_MAX, help="How long the old secret goes on; by default as the settings say."),
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make a new secret and print it, this once; the old one goes on for a while."""
    account, secret = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: accounts.rotate_secret(identity, operator, client_id, grace_seconds=grace_seconds),
    )
    shown = ServiceAccountObject.of(account, secret=secret)
    if as_json:
        print_json(shown.model_dump(mode="json", exclude_none=True))
    else:
        old = f"until {shown.old_secret_until}" if shown.old_secret_until else "no more"
        typer.echo(f"client_id: {shown.client_id}\nclient_secret: {shown.client_secret}\nThe old secret holds {old}.")


@app.command("disable")
def disable_account(
    client_id: Annotated[str, typer.Argument(help="The account's client id.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Disable a service account; a running server refuses its tokens within a second."""
    on_identity(data_dir, tenant, lambda identity, operator: accounts.disable_account(identity, operator, client_id))
    if as_json:
        print_json({"disabled": client_id})
    else:
        typer.echo(f"disabled {client_id}")
