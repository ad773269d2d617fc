"""Refused requests of the scan plane in the scan log: under the application that sent them, or under none where nobody knows whose they
are. Only the error's code is kept, never a key, a token or anything else that was sent; and so many a minute, so that who is refused
cannot fill the disk with it. What is over that is in the metrics alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from scangate.errors import LimitExceededError, ScangateError, StorageUnavailableError
from scangate.identity.principal import Principal
from scangate.identity.service import Authenticator
from scangate.records.entry import Caller, LogEntry, caller_of, rejected
from scangate.records.recorder import Recorder
from scangate.records.repository import NOBODY
from scangate.scans.repository import ScanRecord
from scangate.scans.wire import SOURCE_API
from scangate.web.ratelimit import RateLimiter

_STRANGER: Final = Caller(NOBODY, "", "", "", "")
_LOOKUPS: Final = 5
"""Times the limit: how often a minute it is looked up whose key that was."""


class Refusals:
    """One per process. `per_minute`: entries of one application, and as many of all that belong to none."""

    def __init__(self, recorder: Recorder[ScanRecord | LogEntry], authenticator: Authenticator, per_minute: int) -> None:
        self._recorder = recorder
        self._authenticator = authenticator
        self._entries = RateLimiter(per_minute)
        self._lookups = RateLimiter(per_minute * _LOOKUPS)

    @contextmanager
    def logged(self, principal: Principal, *, is_sync: bool) -> Iterator[None]:
        """What refuses the request inside the block goes into the scan log and is raised further."""
        try:
            yield
        except ScangateError as error:
            if error.status < 500:
                self._put(caller_of(principal), error, is_sync)
            raise

    async def stranger(self, error: ScangateError, *, key: str = "", token: str = "", remote: str, is_sync: bool) -> None:
        """A request without credentials that hold. One with a key or token that once held is its application's."""
        caller = _STRANGER
        with suppress(LimitExceededError, StorageUnavailableError):
            if key or token:
                self._lookups.hit("lookup")
                former = await self._authenticator.former(key=key, token=token)
                caller = caller_of(former) if former is not None else caller
        self._put(caller, error, is_sync, remote)

    def _put(self, caller: Caller, error: ScangateError, is_sync: bool, remote: str = "") -> None:
        with suppress(LimitExceededError, StorageUnavailableError):
            self._entries.hit(caller.tsg_id, caller.application_id)
            entry = rejected(caller, SOURCE_API, datetime.now(UTC), error.code, is_sync=is_sync)
            self._recorder.put_nowait(entry._replace(user_ip=remote))
