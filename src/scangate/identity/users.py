"""Users, the humans of a tenant: created with a role and a password, changed, disabled, never deleted. Logging in stands in `logins`.

Nobody changes a user who may do more than they may themselves: else a new password would be a way to become them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.domain.ids import new_id
from scangate.errors import ConflictError, NotFoundError
from scangate.identity import audit, passwords, user_repository
from scangate.identity.permissions import SUPERUSER, Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.roles import check_another_superuser, check_covered, permissions_of
from scangate.identity.schemas import for_audit
from scangate.identity.service import Identity
from scangate.identity.user_repository import User
from scangate.identity.user_schemas import UserCreation, UserObject, UserUpdate

USER_NOT_FOUND: Final = "user not found"


async def list_users(identity: Identity, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[User]:
    async with identity.database.read() as connection:
        return await user_repository.list_users(connection, tsg_id, offset=offset, limit=limit)


async def find_user(identity: Identity, tsg_id: str, id_or_email: str) -> User:
    """
    Raises:
        NotFoundError: the tenant has no such user.
    """
    async with identity.database.read() as connection:
        found = await user_repository.find_user(connection, tsg_id, id_or_email) or await user_repository.find_by_email(
            connection, tsg_id, id_or_email.strip().lower()
        )
    if found is None:
        raise NotFoundError(USER_NOT_FOUND)
    return found


async def create_user(identity: Identity, operator: Operator, wanted: UserCreation) -> tuple[User, str | None]:
    """The user, and the password where none was given; it is not stored.

    Raises:
        RequestInvalidError: the password is not acceptable.
        NotFoundError: there is no such role.
        PermissionDeniedError: the role permits what the operator's own does not.
        ConflictError: a user of the tenant has this e-mail address.
    """
    password, made = _chosen(wanted.password.get_secret_value() if wanted.password else None, wanted.email)
    user = User(
        user_id=new_id(), tsg_id=operator.tsg_id, email=wanted.email, name=wanted.name, role=wanted.role,
        password_hash=await identity.passwords.hash(password), password_number=1, failed_logins=0, locked_until=None,
        last_login_at=None, disabled_at=None, created_at=datetime.now(UTC),
    )  # fmt: skip
    async with identity.database.write() as connection:
        check_covered(operator, await permissions_of(connection, operator.tsg_id, wanted.role))
        taken = await user_repository.find_by_email(connection, operator.tsg_id, wanted.email)
        if taken is not None:
            raise ConflictError(
                "a user of this e-mail address exists", payload=[{"user_id": taken.user_id, "email": taken.email}]
            )
        await user_repository.insert_user(connection, user)
        await audit.record(connection, operator, Verb.CREATE, Entity.USERS, user.user_id, after=_document(user))
    return user, made


async def update_user(identity: Identity, operator: Operator, user_id: str, wanted: UserUpdate) -> User:
    """A new role holds at once here, and within a second in other processes; so does being disabled.

    Raises:
        NotFoundError: the tenant has no such user, or no such role.
        PermissionDeniedError: the old role or the new one permits what the operator's own does not.
        ConflictError: it is the last superuser: nobody could undo it.
    """
    asked = {"name": wanted.name, "role": wanted.role}
    values: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    async with identity.database.write() as connection:
        before = await _manageable(connection, operator, user_id)
        if wanted.role is not None:
            check_covered(operator, await permissions_of(connection, operator.tsg_id, wanted.role))
        if wanted.status == "disabled" and before.disabled_at is None:
            values["disabled_at"] = datetime.now(UTC)
        elif wanted.status == "active":
            values |= {"disabled_at": None, "locked_until": None, "failed_logins": 0}
        stops = wanted.status == "disabled" or (wanted.role or SUPERUSER) != SUPERUSER
        if stops and before.role == SUPERUSER and before.disabled_at is None:
            await check_another_superuser(connection, operator.tsg_id)
        after = await _changed(connection, operator, before, Verb.UPDATE, values)
    identity.authenticator.forget()
    return after


async def disable_user(identity: Identity, operator: Operator, user_id: str) -> None:
    """They log in no more, and their access tokens stop at once here, and within a second in other processes.

    Raises:
        NotFoundError: the tenant has no such user, or they are disabled already.
        PermissionDeniedError, ConflictError: as above.
    """
    async with identity.database.write() as connection:
        before = await _manageable(connection, operator, user_id)
        if before.disabled_at is not None:
            raise NotFoundError(USER_NOT_FOUND)
        if before.role == SUPERUSER:
            await check_another_superuser(connection, operator.tsg_id)
        await _changed(connection, operator, before, Verb.DELETE, {"disabled_at": datetime.now(UTC)})
    identity.authenticator.forget()


async def reset_password(
    identity: Identity, operator: Operator, user_id: str, password: str | None = None
) -> tuple[User, str | None]:
    """Another password, which also unlocks; access tokens of before stop. Returns it where none was given.

    Raises:
        RequestInvalidError: the password is not acceptable.
        NotFoundError: the tenant has no such user.
        PermissionDeniedError: their role permits what the operator's own does not.
    """
    user = await find_user(identity, operator.tsg_id, user_id)
    chosen, made = _chosen(password, user.email)
    password_hash = await identity.passwords.hash(chosen)
    async with identity.database.write() as connection:
        before = await _manageable(connection, operator, user.user_id)
        values = {
            "password_hash": password_hash,
            "password_number": before.password_number + 1,
            "failed_logins": 0,
            "locked_until": None,
        }
        after = await _changed(connection, operator, before, Verb.UPDATE, values, {"password": "changed"})
    identity.authenticator.forget()
    return after, made


def _chosen(password: str | None, email: str) -> tuple[str, str | None]:
    if password is None:
        made = passwords.generated()
        return made, made
    passwords.check_acceptable(password, email)
    return password, None


async def _manageable(connection: AsyncConnection, operator: Operator, user_id: str) -> User:
    user = await user_repository.find_user(connection, operator.tsg_id, user_id)
    if user is None:
        raise NotFoundError(USER_NOT_FOUND)
    check_covered(operator, await permissions_of(connection, operator.tsg_id, user.role))
    return user


async def _changed(
    connection: AsyncConnection,
    operator: Operator,
    before: User,
    verb: Verb,
    values: Mapping[str, Any],
    note: Mapping[str, str] | None = None,
) -> User:
    if values:
        await user_repository.update_user(connection, operator.tsg_id, before.user_id, **values)
    after = await user_repository.find_user(connection, operator.tsg_id, before.user_id)
    assert after is not None
    await audit.record(
        connection, operator, verb, Entity.USERS, before.user_id,
        before=_document(before), after=_document(after) | dict(note or {}),
    )  # fmt: skip
    return after


def _document(user: User) -> dict[str, Any]:
    return for_audit(UserObject.of(user))
