"""`scangate keys`: API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, on_installation, print_documents, print_json
from scangate.domain.moments import timestamp
from scangate.errors import RequestInvalidError
from scangate.identity import keys
from scangate.identity.rotation import Rotation, Unit
from scangate.identity.schemas import NEVER, APIKeyObject, in_plural

__all__ = ["DataDir", "app", "on_installation"]

app = typer.Typer(help="Create, list, regenerate and revoke API keys.", no_args_is_help=True)
_COLUMNS = {
    "name": "api_key_name",
    "application": "cust_app",
    "ends in": "api_key_last8",
    "status": "status",
    "created": "creation_ts",
    "expires": "expiration",
    "id": "api_key_id",
}


@app.command("list")
def list_keys(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys; the keys themselves are not stored."""
    found = on_identity(data_dir, tenant, lambda identity, operator: keys.list_keys(identity, operator.tsg_id))
    shown = [APIKeyObject.of(key) for key in found]
    if not as_json:
        for key in shown:
            key.expiration = "" if key.expiration == timestamp(NEVER) else key.expiration[:16]
            key.creation_ts = key.creation_ts[:16]
    print_documents(shown, _COLUMNS, as_json=as_json)


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="A name of up to 31 characters.")],
    application: Annotated[str | None, typer.Option(help="The application it belongs to; by default the first one.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; by default never.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a key and print it, this once."""
    rotation = Rotation(days, "days") if days else None
    key, secret = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: keys.add_key(identity, operator, name, application=application, rotation=rotation),
    )
    _print(APIKeyObject.of(key, secret=secret), as_json=as_json)


@app.command("regenerate")
def regenerate_key(
    key: Annotated[str, typer.Argument(help="The key's id, or its name.")],
    interval: Annotated[int, typer.Option(min=1, help="How long the new one holds.")] = 90,
    unit: Annotated[str, typer.Option(help="Unit of the interval: `hours`, `days` or `months`.")] = "days",
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Replace a key by a new one and print that, this once; a running server refuses the old one within a second."""
    found, secret = on_identity(
        data_dir,
        tenant,
        lambda identity, operator: keys.regenerate_key(
            identity, operator, key, Rotation(interval, _unit(unit)), by=operator.subject, or_name=True
        ),
    )
    _print(APIKeyObject.of(found, secret=secret), as_json=as_json)


@app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's name or its last eight characters.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Revoke a key; a running server refuses it within a second."""
    count = on_identity(data_dir, tenant, lambda identity, operator: keys.revoke_keys(identity, operator, key))
    if as_json:
        print_json({"revoked": count})
    else:
        typer.echo(f"revoked {count} key{'s' if count > 1 else ''}")


def _unit(name: str) -> Unit:
    found: dict[object, Unit] = {"hours": "hours", "days": "days", "months": "months"}
    unit = found.get(in_plural(name))
    if unit is None:
        raise RequestInvalidError(f"unknown unit {name!r}: hours, days or months")
    return unit


def _print(key: APIKeyObject, *, as_json: bool) -> None:
    if as_json:
        print_json(key.model_dump(mode="json", exclude_none=True))
    else:
        typer.echo(key.api_key)
