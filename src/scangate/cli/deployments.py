"""`scangate deployments`: deployment profiles, which applications belong to. The management API only lists them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.cli.names import checked_name
from scangate.identity import deployments
from scangate.identity.schemas import DeploymentProfileEntryObject

app = typer.Typer(help="Create and list deployment profiles.", no_args_is_help=True)
_COLUMNS = {
    "name": "dp_name",
    "auth code": "auth_code",
    "status": "status",
    "tokens a month": "monthly_tokens",
    "expires": "expiration_date",
}


@app.command("list")
def list_deployments(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the deployment profiles."""
    found = on_identity(data_dir, tenant, lambda identity, operator: deployments.list_deployments(identity, operator.tsg_id))
    print_documents([DeploymentProfileEntryObject.of(profile) for profile in found], _COLUMNS, as_json=as_json)


@app.command("create")
def create_deployment(
    name: Annotated[str, typer.Argument(help="A name of up to 100 characters.")],
    monthly_tokens: Annotated[
        int | None, typer.Option(min=1, help="Tokens that its applications may scan a month; by default without limit.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it expires; by default never.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a deployment profile and print its auth code, with which the API creates keys."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    created = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: deployments.create_deployment(
            identity, operator, checked_name(name, "the name"), monthly_tokens=monthly_tokens, expires_at=expires_at
        ),
    )
    shown = DeploymentProfileEntryObject.of(created)
    if as_json:
        print_json(shown.model_dump(mode="json", exclude_none=True))
    else:
        typer.echo(shown.auth_code)
