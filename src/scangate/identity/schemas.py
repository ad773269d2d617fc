"""Documents of this slice's management routes, in the words of the hosted service's API. Unknown fields are ignored, null is absent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints

from scangate.domain.moments import timestamp
from scangate.errors import RequestInvalidError
from scangate.identity.application_repository import Application, DeploymentProfile
from scangate.identity.key_repository import ApiKey, KeyOfApplication
from scangate.identity.permissions import BUILT_IN, ROLE_NAME_MAX
from scangate.identity.role_repository import Account, Role
from scangate.web.documents import required

TEXT_MAX: Final = 100
KEY_NAME_MAX: Final = 31
INTEGER_MAX: Final = 2**31 - 1
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""`expiration` of a key that has none: clients require the field."""


def _printable(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("control characters are not allowed")
    return text


def in_plural(value: object) -> object:
    """`Day` and `days` are one unit."""
    return f"{value.strip().lower().removesuffix('s')}s" if isinstance(value, str) and value.strip() else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_MAX), AfterValidator(_printable)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_MAX), AfterValidator(_printable)]
KeyName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=KEY_NAME_MAX), AfterValidator(_printable)
]
RoleName = Annotated[str, StringConstraints(min_length=1, max_length=ROLE_NAME_MAX), AfterValidator(_printable)]
RotationUnit = Annotated[Literal["hours", "days", "months"], BeforeValidator(in_plural)]
RotationInterval = Annotated[int, Field(ge=1, le=INTEGER_MAX, strict=True)]


class APIKeyCreationObject(BaseModel):
    """A key to create. An application of that name is created where there is none."""

    auth_code: Name
    cust_app: Name
    api_key_name: KeyName
    created_by: Name
    rotation_time_interval: RotationInterval
    rotation_time_unit: RotationUnit
    revoked: Literal[False] = False
    dp_name: Text | None = None
    cust_env: Text | None = None
    cust_cloud_provider: Text | None = None
    cust_ai_agent_framework: Text | None = None


class APIKeyRegeneration(BaseModel):
    rotation_time_interval: RotationInterval
    rotation_time_unit: RotationUnit
    updated_by: Text | None = None


class APIKeyObject(BaseModel):
    """`api_key` is there in the answers to create and regenerate only. `status` is `active`, `expired` or `revoked`."""

    api_key_id: str
    api_key_last8: str
    api_key_name: str
    auth_code: str
    dp_name: str
    tsg_id: str
    expiration: str
    revoked: bool
    status: str
    cust_app: str
    customer_appId: str  # noqa: N815 - the name on the wire
    cust_env: str
    cust_cloud_provider: str
    cust_ai_agent_framework: str | None = None
    rotation_time_interval: int | None = None
    rotation_time_unit: str | None = None
    created_by: str
    updated_by: str
    creation_ts: str
    last_modified_ts: str
    lic_expiration: str | None = None
    api_key: str | None = None

    @classmethod
    def of(cls, key: ApiKey, *, secret: str | None = None) -> APIKeyObject:
        return cls(
            api_key_id=key.api_key_id,
            api_key_last8=key.last8,
            api_key_name=key.name,
            auth_code=key.auth_code,
            dp_name=key.dp_name,
            tsg_id=key.tsg_id,
            expiration=timestamp(key.expires_at or NEVER),
            revoked=key.revoked_at is not None,
            status=key.status(datetime.now(UTC)),
            cust_app=key.application,
            customer_appId=key.application_id,
            cust_env=key.environment,
            cust_cloud_provider=key.cloud_provider,
            cust_ai_agent_framework=key.agent_framework,
            rotation_time_interval=key.rotation_interval,
            rotation_time_unit=key.rotation_unit,
            created_by=key.created_by,
            updated_by=key.updated_by,
            creation_ts=timestamp(key.created_at),
            last_modified_ts=timestamp(key.modified_at or key.created_at),
            lic_expiration=timestamp(key.license_expires_at) if key.license_expires_at else None,
            api_key=secret,
        )


class PaginatedAPIKeyObject(BaseModel):
    api_keys: list[APIKeyObject]
    next_offset: int


class APIKeyDPInfo(BaseModel):
    api_key_name: str
    dp_name: str
    auth_code: str


class CustomerAppUpdate(BaseModel):
    """What an application is to be. An optional field that is absent stays as it was; an empty one is taken away."""

    app_name: Name
    cloud_provider: Text
    environment: Text
    auth_code: Name | None = None
    model_name: Text | None = None
    ai_agent_framework: Text | None = None
    ai_sec_profile_name: Text | None = None
    status: Literal["completed", "pending"] | None = None
    updated_by: Text | None = None


class CustomerAppObject(BaseModel):
    """An application. Keys and access tokens of one whose `status` is `pending` are refused."""

    customer_appId: str  # noqa: N815 - the name on the wire
    tsg_id: str
    app_name: str
    cloud_provider: str
    environment: str
    model_name: str
    status: Literal["completed", "pending"]
    ai_agent_framework: str | None = None
    agent_app: bool
    ai_sec_profile_name: str | None = None
    auth_code: str
    dp_name: str
    created_by: str
    updated_by: str
    api_keys_dp_info: list[APIKeyDPInfo]

    @classmethod
    def of(cls, application: Application, keys: list[KeyOfApplication]) -> CustomerAppObject:
        return cls(
            customer_appId=application.application_id,
            tsg_id=application.tsg_id,
            app_name=application.name,
            cloud_provider=application.cloud_provider,
            environment=application.environment,
            model_name=application.model_name,
            status="completed" if application.active else "pending",
            ai_agent_framework=application.agent_framework,
            agent_app=bool(application.agent_framework),
            ai_sec_profile_name=application.profile_name,
            auth_code=application.auth_code,
            dp_name=application.dp_name,
            created_by=application.created_by,
            updated_by=application.updated_by,
            api_keys_dp_info=[
                APIKeyDPInfo(api_key_name=key.name, dp_name=application.dp_name, auth_code=application.auth_code)
                for key in keys
                if key.application_id == application.application_id
            ],
        )


class PaginatedCustomerAppObject(BaseModel):
    customer_apps: list[CustomerAppObject]
    next_offset: int


class DeploymentProfileEntryObject(BaseModel):
    """`status` is `activated`, `unactivated` (no application uses it), `inactive` (switched off) or `expired`."""

    dp_name: str
    auth_code: str
    tsg_id: str
    status: str
    expiration_date: str | None = None
    monthly_tokens: int | None = None

    @classmethod
    def of(cls, profile: DeploymentProfile) -> DeploymentProfileEntryObject:
        return cls(
            dp_name=profile.dp_name,
            auth_code=profile.auth_code,
            tsg_id=profile.tsg_id,
            status=profile.status(datetime.now(UTC)),
            expiration_date=timestamp(profile.expires_at) if profile.expires_at else None,
            monthly_tokens=profile.monthly_tokens,
        )


class DeploymentProfileUpdate(BaseModel):
    """What is left out stays as it is; null takes the quota or the end away."""

    dp_name: Name | None = None
    status: Literal["active", "inactive"] | None = None
    monthly_tokens: Annotated[int, Field(ge=1, le=2**63 - 1, strict=True)] | None = None
    expiration_date: Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))] | None = Field(
        None, description="RFC 3339, with a time zone."
    )


class DeploymentProfilesObject(BaseModel):
    deployment_profiles: list[DeploymentProfileEntryObject]
    status: str = "success"


class ClientIdAndCustomerApp(BaseModel):
    """`client_id` becomes the subject of the token; `customer_app` is whom it scans for."""

    client_id: Name
    customer_app: Name


class Oauth2TokenObject(BaseModel):
    """An access token for scanning. `expires_in` (seconds) and `issued_at` (milliseconds since 1970) are strings."""

    access_token: str
    token_type: str
    expires_in: str
    issued_at: str
    client_id: str
    status: str


class RoleCreation(BaseModel):
    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ROLE_NAME_MAX), AfterValidator(_printable)
    ]
    permissions: list[str] = Field(max_length=1000)


class RoleUpdate(BaseModel):
    permissions: list[str] = Field(max_length=1000)


class RoleObject(BaseModel):
    name: str
    permissions: list[str]
    built_in: bool

    @classmethod
    def of(cls, role: Role) -> RoleObject:
        return cls(name=role.name, permissions=sorted(role.permissions), built_in=role.name in BUILT_IN)


class RolePage(BaseModel):
    roles: list[RoleObject]
    next_offset: int


class ServiceAccountCreation(BaseModel):
    name: Name
    role: RoleName


GRACE_SECONDS_MAX: Final = 30 * 24 * 3600


class SecretRotation(BaseModel):
    grace_seconds: int | None = Field(
        None,
        ge=0,
        le=GRACE_SECONDS_MAX,
        strict=True,
        description="How long the old secret goes on; by default as the settings say.",
    )


class ServiceAccountObject(BaseModel):
    """An OAuth client. `client_secret` is there in the answers to its creation and rotation only; `old_secret_until` as long as the
    secret before still holds."""

    client_id: str
    name: str
    role: str
    disabled: bool
    created_ts: str
    old_secret_until: str | None = None
    client_secret: str | None = None

    @classmethod
    def of(cls, account: Account, *, secret: str | None = None) -> ServiceAccountObject:
        return cls(
            client_id=account.client_id,
            name=account.name,
            role=account.role,
            disabled=account.disabled_at is not None,
            created_ts=timestamp(account.created_at),
            old_secret_until=_still_to_come(account.previous_secret_until),
            client_secret=secret,
        )


def _still_to_come(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment is not None and moment > datetime.now(UTC) else None


class ServiceAccountPage(BaseModel):
    service_accounts: list[ServiceAccountObject]
    next_offset: int


def updated_by_of(value: str | None) -> str:
    """The query parameter `updated_by` of a deletion.

    Raises:
        RequestInvalidError: it is missing, empty or too long.
    """
    named = required(value and value.strip(), "updated_by")
    if len(named) > TEXT_MAX:
        raise RequestInvalidError(f"query.updated_by: at most {TEXT_MAX} characters")
    return named


def for_audit(document: BaseModel) -> dict[str, Any]:
    """As it is shown, without the secret."""
    return document.model_dump(mode="json", exclude_none=True, exclude={"api_key", "client_secret", "password"})
