"""Passwords of users: Argon2id (RFC 9106) with the parameters that OWASP names as the least, 19 MiB and two passes.

A hash takes tens of milliseconds of processor time and 19 MiB, and anybody may ask for one by logging in: so few are made at a time, in
threads, few wait, and who comes then is told to come later.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from scangate.errors import LimitExceededError, RequestInvalidError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")
SHORTEST: Final = 12
LONGEST: Final = 256
_AT_A_TIME: Final = 2
_WAITING: Final = 16
_GENERATED_BYTES: Final = 15


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # only servers and commands that have to do with users load it

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """A hash that no password fits: an unknown user takes as long as one who is known."""
    return _hasher().hash(secrets.token_urlsafe())


def generated() -> str:
    """A password of 120 random bits, to be changed by whoever gets it."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def check_acceptable(password: str, email: str) -> None:
    """Length is what counts (NIST SP 800-63B); rules about kinds of characters make passwords worse.

    Raises:
        RequestInvalidError: too short, too long, or the user's own address; the password itself is not quoted.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RequestInvalidError(f"password: {SHORTEST} to {LONGEST} characters")
    if password.casefold() == email.casefold():
        raise RequestInvalidError("password: the e-mail address is none")


class Passwords:
    """One per process."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_A_TIME)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """
        Raises:
            LimitExceededError: too many others wait for theirs.
        """
        return await self._run(lambda: _hasher().hash(_octets(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password; no hash stands for a user that there is not, and takes as long.

        Raises:
            LimitExceededError: as above.
        """
        return await self._run(lambda: _fits(password, password_hash or _nobody()) and password_hash is not None)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise LimitExceededError(retry_after_seconds=2)
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _fits(password: str, password_hash: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(password_hash, _octets(password))
    except VerifyMismatchError:
        return False


def _octets(password: str) -> bytes:
    """One password is one password, however a keyboard composes its letters (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
