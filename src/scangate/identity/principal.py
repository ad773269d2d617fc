"""Who is calling, and API keys as such: 32 random bytes, shown once, stored as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

KEY_PREFIX = "sg_"


@dataclass(frozen=True, slots=True)
class Principal:
    """The application behind a request. `profile_name` is the profile of scans that name none."""

    tsg_id: str
    application_id: str
    application_name: str
    api_key_id: str
    """Of an access token: the id of the token."""
    profile_name: str | None
    agent_framework: str | None
    expires_at: datetime | None
    auth_code: str = ""
    """The deployment profile whose quota the scans use."""
    monthly_tokens: int | None = None
    """That quota; None for none."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who calls the management plane: a service account with the permissions of its role, and where it calls from."""

    tsg_id: str
    subject: str
    role: str
    permissions: frozenset[str]
    remote: str = ""


COMMAND_LINE = "command line"
"""The remote of what `scangate` on the server's own machine does."""


def generate_secret(prefix: str = KEY_PREFIX) -> str:
    """A new key or client secret: the prefix and 43 URL-safe characters that hold 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """SHA-256 as hex. A fast hash is right for a secret of full entropy: there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
