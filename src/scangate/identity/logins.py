"""Logging in with a password. There are no sessions: whoever calls it goes on with an access token, or with a cookie of its own.

A try is counted before the password is looked at, in a transaction of its own, so that many at once do not get more tries than one
after the other. The last one locks the user; if it succeeds, it unlocks them again. An e-mail address that nobody has writes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from scangate.errors import LoginRefusedError
from scangate.identity import audit, user_repository
from scangate.identity.passwords import LONGEST
from scangate.identity.permissions import Entity
from scangate.identity.principal import Operator
from scangate.identity.service import Identity
from scangate.identity.user_repository import User

LOG_IN: Final = "log in"
LOCK: Final = "lock"
"""Actions in the audit log."""


async def log_in(identity: Identity, tsg_id: str, email: str, password: str, *, remote: str = "") -> User:
    """Who that is.

    Raises:
        LoginRefusedError: nobody, a wrong password, locked or disabled: which of them is not said.
        LimitExceededError: too many log in at this moment.
        StorageUnavailableError: nobody can.
    """
    email = email.strip().lower()
    if len(password) > LONGEST:
        raise LoginRefusedError
    user, is_last_try = await _try(identity, tsg_id, email)
    fits = await identity.passwords.verify(password, user.password_hash if user else None)
    if user is None:
        raise LoginRefusedError
    operator = Operator(tsg_id, user.email, user.role, frozenset(), remote)
    if not fits:
        if is_last_try:
            async with identity.database.write() as connection:
                after = {"email": user.email, "seconds": identity.settings.lock_seconds}
                await audit.record(connection, operator, LOCK, Entity.USERS, user.user_id, after=after)
        raise LoginRefusedError
    async with identity.database.write() as connection:
        now_stored = await user_repository.find_user(connection, tsg_id, user.user_id)
        if now_stored is None or now_stored.disabled_at is not None or now_stored.password_number != user.password_number:
            raise LoginRefusedError  # changed while the password was looked at
        values = {"failed_logins": 0, "locked_until": None, "last_login_at": datetime.now(UTC)}
        await user_repository.update_user(connection, tsg_id, user.user_id, **values)
        await audit.record(connection, operator, LOG_IN, Entity.USERS, user.user_id, after={"email": user.email})
    return user


async def _try(identity: Identity, tsg_id: str, email: str) -> tuple[User | None, bool]:
    """The user who may be tried, now with one try less; and whether it is the last one."""
    async with identity.database.read() as connection:
        known = await user_repository.find_by_email(connection, tsg_id, email)
    now = datetime.now(UTC)
    if known is None or known.disabled_at is not None or known.is_locked(now):
        return None, False
    async with identity.database.write() as connection:
        user = await user_repository.find_by_email(connection, tsg_id, email)
        if user is None or user.disabled_at is not None or user.is_locked(now):
            return None, False
        tries = user.failed_logins + 1
        is_last = tries >= identity.settings.login_failures
        locked_until = now + timedelta(seconds=identity.settings.lock_seconds) if is_last else None
        await user_repository.update_user(
            connection, tsg_id, user.user_id, failed_logins=0 if is_last else tries, locked_until=locked_until
        )
    return user, is_last
