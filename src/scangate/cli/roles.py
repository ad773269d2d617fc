"""`scangate roles`: what service accounts may do."""

from __future__ import annotations

from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.cli.names import checked_name
from scangate.identity import roles
from scangate.identity.permissions import ROLE_NAME_MAX
from scangate.identity.schemas import RoleObject

app = typer.Typer(help="Create, list and delete roles.", no_args_is_help=True)
_ALL = 100_000


@app.command("list")
def list_roles(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the roles, the built-in ones first."""
    found = on_identity(
        data_dir, tenant, lambda identity, operator: roles.list_roles(identity, operator.tsg_id, offset=0, limit=_ALL)
    )
    columns = {"name": "name", "built in": "built_in", "permissions": "permissions"}
    print_documents([RoleObject.of(role) for role in found], columns, as_json=as_json)


@app.command("create")
def create_role(
    name: Annotated[str, typer.Argument(help="A name of up to 50 characters.")],
    permissions: Annotated[list[str], typer.Argument(help="Entity and verb, as in `airs_api.api_keys:read`.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a role for service accounts."""
    created = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: roles.create_role(
            identity, operator, checked_name(name, "the name", most=ROLE_NAME_MAX), permissions
        ),
    )
    if as_json:
        print_json(RoleObject.of(created).model_dump(mode="json"))
    else:
        typer.echo(f"{created.name}: {len(created.permissions)} permissions")


@app.command("delete")
def delete_role(
    name: Annotated[str, typer.Argument(help="The role's name.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a role that no service account has."""
    on_identity(data_dir, tenant, lambda identity, operator: roles.delete_role(identity, operator, name))
    if as_json:
        print_json({"deleted": name})
    else:
        typer.echo(f"deleted {name}")
