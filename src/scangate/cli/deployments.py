"""`scangate deployments`: deployment profiles, which applications belong to. The management API does not make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.cli.names import checked_name
from scangate.errors import RequestInvalidError
from scangate.identity import deployments
from scangate.identity.deployments import NO_LIMIT, DeploymentChange
from scangate.identity.schemas import DeploymentProfileEntryObject

app = typer.Typer(help="Create, list, change and switch off deployment profiles.", no_args_is_help=True)
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


@app.command("change")
def change_deployment(
    auth_code: Annotated[str, typer.Argument(help="Its auth code.")],
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    monthly_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens that its applications may scan a month.")] = None,
    no_quota: Annotated[bool, typer.Option("--no-quota", help="Take the monthly limit away.")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days from now until it expires.")] = None,
    no_end: Annotated[bool, typer.Option("--no-end", help="It does not expire.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Switch it on again.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change a deployment profile; holds in a running server within a second."""
    if (monthly_tokens and no_quota) or (days and no_end):
        raise RequestInvalidError("a limit, or none: not both")
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    change = DeploymentChange(
        name=checked_name(name, "the name") if name is not None else None,
        active=True if enable else None,
        monthly_tokens=NO_LIMIT if no_quota else monthly_tokens,
        expires_at=NO_LIMIT if no_end else ends,
    )
    _change(auth_code, change, tenant, as_json, data_dir)


@app.command("disable")
def disable_deployment(
    auth_code: Annotated[str, typer.Argument(help="Its auth code.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Switch a deployment profile off; a running server refuses its keys and access tokens within a second."""
    _change(auth_code, DeploymentChange(active=False), tenant, as_json, data_dir)


def _change(auth_code: str, change: DeploymentChange, tenant: str | None, as_json: bool, data_dir: Path | None) -> None:
    changed = on_identity(
        data_dir, tenant, lambda identity, operator: deployments.change_deployment(identity, operator, auth_code, change)
    )
    shown = DeploymentProfileEntryObject.of(changed)
    if as_json:
        print_json(shown.model_dump(mode="json", exclude_none=True))
    else:
        typer.echo(f"{shown.auth_code} ({shown.dp_name}): {shown.status}")
