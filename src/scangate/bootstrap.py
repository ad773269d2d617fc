"""The first start: from an empty data directory to a tenant with keys, profiles and a certificate; and every later start."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.errors import ConfigurationError
from scangate.identity import repository as identity
from scangate.profiles.pepper import pepper_of
from scangate.settings import Settings
from scangate.web.tls import ServerTls, local_tls


@dataclass(frozen=True, slots=True)
class Installation:
    """What the first start wrote down, in `DIR/bootstrap.json`."""

    file: Path
    tls: ServerTls

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.file.read_text())
        return document

    def announce(self, url: str, http_url: str | None) -> None:
        """Bring the addresses in the file up to date."""
        document = self.document | {
            "url": url,
            "http_url": http_url,
            "token_url": f"{url}/oauth2/access_token",
            "ca_cert": str(self.tls.ca.absolute()) if self.tls.ca else None,
        }
        _write_private(self.file, document)


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Own the data directory for the time of the block.

    Raises:
        ConfigurationError: another server runs on it, or it cannot be written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (data_dir / "scangate.lock").open("a+")
    except OSError as error:
        raise ConfigurationError(f"cannot use the data directory {str(data_dir)!r}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise ConfigurationError(
                f"another scangate (process {file.read().strip() or 'unknown'}) already serves {str(data_dir)!r}; "
                "stop it, or choose another --data-dir"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def prepare(settings: Settings) -> Installation:
    """Make the data directory ready to serve. Everything is created on the first start and left alone later.

    Raises:
        ConfigurationError: the database is damaged or from a newer release, or it is gone while its bootstrap.json is there.
    """
    data_dir = settings.data_dir
    file = data_dir / "bootstrap.json"
    address = make_url(settings.database_url)
    database = Path(address.database or "")
    if address.get_backend_name() == "sqlite" and file.exists() and not database.exists():
        raise ConfigurationError(
            f"{str(file)!r} belongs to a database that is gone ({str(database)!r}). Restore it from a backup, "
            "or start with an empty data directory."
        )
    migrate(settings.database_url)
    pepper_of(settings).ensure()
    tls = _tls(settings)
    asyncio.run(_first_start(settings, file))
    return Installation(file, tls)


def _tls(settings: Settings) -> ServerTls:
    certificate, key = settings.server.tls_certificate, settings.server.tls_key
    if (certificate is None) != (key is None):
        raise ConfigurationError("a TLS certificate needs its key and a key its certificate: set both or neither")
    if certificate is None or key is None:
        return local_tls(settings.data_dir / "tls")
    for path in (certificate, key):
        if not path.is_file():
            raise ConfigurationError(f"TLS file not found: {str(path)!r}")
    return ServerTls(certificate, key, None)


async def _first_start(settings: Settings, file: Path) -> None:
    database = Database(settings.database_url, busy_seconds=settings.database.busy_seconds)
    draft = file.with_suffix(".json.draft")
    try:
        async with database.read() as connection:
            fresh = await identity.only_tenant(connection) is None
        if fresh:
            await _create_tenant(database, draft)
        if draft.exists():  # also after a crash between the commit and this line
            draft.replace(file)
        if not file.exists():
            raise ConfigurationError(f"{str(file)!r} is missing; restore it, or make new keys with `scangate keys create`")
    finally:
        await database.close()


async def _create_tenant(database: Database, draft: Path) -> None:
    """Secrets reach the draft on disk before the commit that makes them valid, so none can be lost in between."""
    from scangate.tenants import first_profiles, new_tenant, store_tenant  # for the first start only

    tenant = new_tenant("default")
    _write_private(
        draft,
        {
            "url": "",
            "http_url": None,
            "ca_cert": None,
            "api_key": tenant.api_key,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "token_url": "",
            "tsg_id": tenant.tsg_id,
            "profiles": list(tenant.profiles),
        },
    )
    async with database.write() as connection:
        await store_tenant(connection, tenant, first_profiles(), by="bootstrap")


def _write_private(file: Path, document: dict[str, Any]) -> None:
    """Mode 0600 from the first byte, and complete or not there at all."""
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(document, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
