"""`scangate users`: the humans of a tenant, who log in with passwords."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.errors import RequestInvalidError
from scangate.identity import users
from scangate.identity.permissions import VIEW_ONLY
from scangate.identity.principal import Operator
from scangate.identity.service import Identity
from scangate.identity.user_repository import User
from scangate.identity.user_schemas import UserCreation, UserObject, UserUpdate

app = typer.Typer(help="Create, list, change and disable users, and reset their passwords.", no_args_is_help=True)
_COLUMNS = {
    "e-mail": "email",
    "name": "name",
    "role": "role",
    "status": "status",
    "last log-in": "last_login_ts",
    "id": "user_id",
}
Who = Annotated[str, typer.Argument(help="The user's e-mail address or id.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input; else one is made.")]


@app.command("list")
def list_users(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the users."""
    found = on_identity(data_dir, tenant, lambda identity, operator: users.list_users(identity, operator.tsg_id))
    print_documents([UserObject.of(user) for user in found], _COLUMNS, as_json=as_json)


@app.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="What they log in as.")],
    role: Annotated[str, typer.Option(help="What they may do: a role of `scangate roles list`.")] = VIEW_ONLY,
    name: Annotated[str | None, typer.Option(help="By default the e-mail address.")] = None,
    password_stdin: FromInput = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create a user. A password that was made is printed, this once."""
    document = {"email": email, "name": name or email, "role": role, "password": _password(password_stdin)}
    wanted = _checked(UserCreation, document)

    async def work(identity: Identity, operator: Operator) -> tuple[User, str | None]:
        return await users.create_user(identity, operator, wanted)

    _print(*on_identity(data_dir, tenant, work), as_json=as_json)


@app.command("change")
def change_user(
    who: Who,
    role: Annotated[str | None, typer.Option(help="Another role.")] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    enable: Annotated[bool, typer.Option("--enable", help="Let them log in again: not disabled, not locked.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change a user's name or role, or enable them again."""
    wanted = _checked(UserUpdate, {"name": name, "role": role, "status": "active" if enable else None})

    async def work(identity: Identity, operator: Operator) -> User:
        user = await users.find_user(identity, operator.tsg_id, who)
        return await users.update_user(identity, operator, user.user_id, wanted)

    _print(on_identity(data_dir, tenant, work), None, as_json=as_json)


@app.command("disable")
def disable_user(who: Who, tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Disable a user; a running server refuses their access tokens within a second."""

    async def work(identity: Identity, operator: Operator) -> User:
        user = await users.find_user(identity, operator.tsg_id, who)
        await users.disable_user(identity, operator, user.user_id)
        return await users.find_user(identity, operator.tsg_id, user.user_id)

    _print(on_identity(data_dir, tenant, work), None, as_json=as_json)


@app.command("reset-password")
def reset_password(
    who: Who, password_stdin: FromInput = False, tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Give a user another password and unlock them. One that was made is printed, this once."""
    password = _password(password_stdin)

    async def work(identity: Identity, operator: Operator) -> tuple[User, str | None]:
        return await users.reset_password(identity, operator, who, password)

    _print(*on_identity(data_dir, tenant, work), as_json=as_json)


def _password(from_input: bool) -> str | None:
    return sys.stdin.readline().rstrip("\r\n") if from_input else None


def _checked(model: type[Any], document: dict[str, Any]) -> Any:
    """
    Raises:
        RequestInvalidError: with the option that does not fit, and never its value.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise RequestInvalidError(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from None


def _print(user: User, password: str | None, *, as_json: bool) -> None:
    shown = UserObject.of(user, password=password)
    if as_json:
        print_json(shown.model_dump(mode="json", exclude_none=True))
        return
    typer.echo(f"{shown.email}: {shown.role}, {shown.status}")
    if password:
        typer.echo(f"password: {password}")
