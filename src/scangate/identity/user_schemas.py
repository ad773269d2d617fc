"""Documents of the management routes of users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from scangate.domain.moments import timestamp
from scangate.identity.schemas import TEXT_MAX, Name, RoleName
from scangate.identity.user_repository import User


def checked_email(text: str) -> str:
    """In lower case. Whether it takes mail is not asked: it is what somebody logs in as.

    Raises:
        ValueError: no local part, no domain, or with blanks.
    """
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or any(not character.isprintable() or character.isspace() for character in text):
        raise ValueError("an e-mail address")
    return text.lower()


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_MAX), AfterValidator(checked_email)]
Password = Annotated[SecretStr | None, Field(description="12 to 256 characters; by default one is made.")]


class UserCreation(BaseModel):
    email: Email
    name: Name
    role: RoleName
    password: Password = None


class UserUpdate(BaseModel):
    """What is left out stays as it is."""

    name: Name | None = None
    role: RoleName | None = None
    status: Literal["active", "disabled"] | None = None


class PasswordReset(BaseModel):
    password: Password = None


class UserObject(BaseModel):
    """A human with a role. `password` is there in the answer to its creation or reset only, where the server made it."""

    user_id: str
    email: str
    name: str
    role: str
    status: Literal["active", "locked", "disabled"]
    locked_until: str | None = None
    last_login_ts: str | None = None
    created_ts: str
    password: str | None = None

    @classmethod
    def of(cls, user: User, *, password: str | None = None) -> UserObject:
        now = datetime.now(UTC)
        return cls.model_validate(
            {
                "user_id": user.user_id,
                "email": user.email,
                "name": user.name,
                "role": user.role,
                "status": user.status(now),
                "locked_until": timestamp(user.locked_until) if user.locked_until and user.is_locked(now) else None,
                "last_login_ts": timestamp(user.last_login_at) if user.last_login_at else None,
                "created_ts": timestamp(user.created_at),
                "password": password,
            }
        )


class UserPage(BaseModel):
    users: list[UserObject]
    next_offset: int
