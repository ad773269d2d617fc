"""The pepper of data profiles: a secret of the server that is not in the database. Hashes of imported values are made under a tenant's key
and the pepper together, so that a copy of the database alone lets nobody test a guess.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from scangate.errors import ConfigurationError
from scangate.settings import Settings

FILE_NAME: Final = "data-profiles.pepper"
SECRET_MIN: Final = 32
"""Characters."""
_OTHERS: Final = 0o007


class Pepper:
    """`secret` where the settings have one, else what `FILE_NAME` in the data directory says, which is made when it is first needed."""

    __slots__ = ("_data_dir", "_secret")

    def __init__(self, data_dir: Path | None = None, secret: str | None = None) -> None:
        self._data_dir = data_dir
        self._secret = secret.encode() if secret else None

    @property
    def id(self) -> str:
        """Tells peppers apart and says nothing of them: 16 hexadecimal digits."""
        return self._digest(b"scangate pepper id").hex()[:16]

    def key(self, tenant_key: bytes) -> bytes:
        """The key of a tenant's hashes, 32 bytes."""
        return self._digest(b"scangate data profiles\0" + tenant_key)

    def ensure(self) -> None:
        """Read it, or make it.

        Raises:
            ConfigurationError: there is no place for it, or the file cannot be used.
        """
        if self._secret is None:
            if self._data_dir is None:
                raise ConfigurationError("the pepper of data profiles needs a data directory, or SCANGATE_DATA_PROFILES__PEPPER")
            self._secret = _read_or_make(self._data_dir / FILE_NAME)

    def _digest(self, message: bytes) -> bytes:
        self.ensure()
        assert self._secret is not None
        return hmac.digest(self._secret, message, "sha256")


def pepper_of(settings: Settings) -> Pepper:
    """The server's."""
    secret = settings.data_profiles.pepper
    return Pepper(settings.data_dir, secret.get_secret_value() if secret else None)


def _read_or_make(file: Path) -> bytes:
    try:
        if not file.exists():
            _make(file)
        mode, text = file.stat().st_mode, file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"cannot use the pepper file {str(file)!r}: {reason}") from None
    if mode & _OTHERS:
        raise ConfigurationError(f"everybody may read the pepper file {str(file)!r}: give it mode 0600")
    if len(text) < SECRET_MIN:
        raise ConfigurationError(f"the pepper in {str(file)!r} has fewer than {SECRET_MIN} characters: restore it from a backup")
    return text.encode()


def _make(file: Path) -> None:
    """Mode 0600 from the first byte; of several processes that make one at once, one wins and all of them read it."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        temporary.unlink()
