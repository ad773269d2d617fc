"""Every setting of Scangate: environment variables `SCANGATE_GROUP__NAME`, or a TOML file named by `SCANGATE_CONFIG`.

Never instantiated at import: `load_settings()` is called by the command line and by tests.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from scangate.errors import ConfigurationError

CONFIG_VARIABLE = "SCANGATE_CONFIG"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(ge=1)]


class ServerSettings(_Group):
    """Where the server listens."""

    host: str = Field("127.0.0.1", description="Address of the https listener; 0.0.0.0 for all interfaces.")
    port: Port = Field(8443, description="Port of the https listener; 0 picks a free one.")
    http_port: Port | None = Field(None, description="Port of an additional plain http listener on loopback; unset for none.")
    workers: Positive = Field(1, description="Server processes that share the ports and the database.")
    tls_certificate: Path | None = Field(None, description="Your own certificate chain (PEM) in place of the local CA's.")
    tls_key: Path | None = Field(None, description="The private key (PEM) of `tls_certificate`.")
    drain_seconds: Positive = Field(30, description="How long SIGTERM waits for requests in flight.")
    body_seconds: Positive = Field(30, description="How long a client may take to send headers, and again for the body.")


class DatabaseSettings(_Group):
    """Where scans, profiles and keys are stored."""

    url: str | None = Field(None, description="SQLAlchemy URL; unset for SQLite in the data directory.")
    busy_seconds: Positive = Field(10, description="How long a write waits for another process's write.")
    max_pages: Positive | None = Field(
        None, description="Bound on the SQLite file in pages of 4 KiB; past it writes fail as on a full disk. Unset for none."
    )


class LimitSettings(_Group):
    """Limits of the scan API. The defaults are those that its clients know; all may be raised."""

    sync_body_bytes: Positive = Field(2 * 1024 * 1024, description="Largest body of a synchronous scan.")
    async_body_bytes: Positive = Field(5 * 1024 * 1024, description="Largest body of an asynchronous batch.")
    batch_items: Positive = Field(25, description="Scan requests in one asynchronous batch.")
    query_ids: Positive = Field(5, description="Ids in one results or reports query.")
    conversation_texts: Positive = Field(
        1000,
        description="Texts in earlier elements of `contents`, where the profile inspects the whole conversation; more get 400.",
    )
    urls: Positive = Field(100, description="Distinct URLs that are looked up per text.")
    queries_per_minute: Positive = Field(10, description="Results and reports requests per minute and key, each.")
    concurrent_scans: Positive = Field(
        64, description="Synchronous scans of one tenant in progress, in all processes of this server; more get 429."
    )
    concurrent_scans_per_process: Positive = Field(
        128, description="Synchronous scans in progress in one process, of whatever tenants; more get 429."
    )
    concurrent_large_scans: Positive = Field(
        4, description="Of these, scans on threads at the same time (texts above `inline_bytes`, and models); others wait."
    )
    inline_bytes: Positive = Field(
        16 * 1024, description="Bodies up to this size are scanned on the event loop itself, unless a model reads them."
    )


class IdentitySettings(_Group):
    """Access tokens of the management plane and of the mint route."""

    token_seconds: Annotated[int, Field(ge=60, le=86_400)] = Field(900, description="Lifetime of a management access token.")
    signing_key_days: Positive = Field(30, description="After so many days tokens are signed with a new key pair.")
    keys_per_deployment_profile: Positive = Field(
        1, description="Active API keys that one deployment profile may have; more get 409."
    )
    applications_per_deployment_profile: Positive = Field(
        20, description="Applications that one deployment profile may have, which share its quota; more get 409."
    )
    secret_grace_seconds: Annotated[int, Field(ge=0, le=2_592_000)] = Field(
        86_400,
        description="How long the old secret of a service account holds beside a new one, where the rotation says nothing.",
    )
    login_failures: Positive = Field(5, description="Failed log-ins in a row that lock a user.")
    lock_seconds: Positive = Field(900, description="How long a user stays locked.")
    logins_per_minute: Positive = Field(30, description="Log-ins per minute and address, per process; more get 429.")
    tenants_raise_quotas: bool = Field(
        False,
        description="Whether the management API may also raise a quota, put off an end and switch a deployment profile on again.",
    )
    body_bytes: Positive = Field(1024 * 1024, description="Largest body of a management request.")


class RecordSettings(_Group):
    """What is kept of a scan."""

    required: bool = Field(True, description="Answer 503 while scans cannot be recorded; false: go on and count the loss.")
    flush_ms: Positive = Field(50, description="Longest time between an answer and its record on disk.")
    queue_rows: Positive = Field(10_000, description="Records that may wait to be written.")
    rejected_per_minute: Positive = Field(
        60,
        description="Refused requests that are written to the scan log per minute, process and application, and as many that "
        "belong to none; the others are only counted.",
    )


class ForwardingSettings(_Group):
    """Where rows of the scan log are forwarded to, at least once each; never scanned content. Unset: nowhere."""

    file: Path | None = Field(None, description="A file that gets a JSON object a line.")
    syslog: str | None = Field(
        None, pattern=r"^(udp|tcp)://[^/\s]+$", description="`udp://host:port` or `tcp://host:port`: messages of RFC 5424."
    )
    webhook: str | None = Field(
        None, pattern=r"^https?://[^/\s]", description="An address that gets batches by POST, signed with `webhook_secret`."
    )
    webhook_secret: SecretStr | None = Field(None, min_length=16, description="The key of the HMAC-SHA256 signature.")
    batch_rows: Annotated[int, Field(ge=1, le=1000)] = Field(200, description="Most rows that are sent at once.")
    poll_seconds: Positive = Field(1, description="How often the log is looked at for new rows.")
    timeout_seconds: Positive = Field(10, description="How long a target may take for a batch.")
    back_off_seconds: Positive = Field(60, description="Longest pause between two tries; the first is one second.")

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.webhook is not None and self.webhook_secret is None:
            raise ValueError("webhook needs webhook_secret, at least 16 characters")
        return self


class DataProfileSettings(_Group):
    """Tenants' own data profiles."""

    pepper: SecretStr | None = Field(
        None,
        min_length=32,
        description="The secret under which values and documents are hashed, for several hosts on one database. Unset: the file "
        "`data-profiles.pepper` in the data directory, made at the first start.",
    )


class JobSettings(_Group):
    """Asynchronous scans."""

    concurrency: Positive = Field(1, description="Asynchronous scans in progress per process.")
    lease_seconds: Positive = Field(60, description="A job whose worker is silent for so long is given to another.")
    attempts: Positive = Field(5, description="Tries before an asynchronous scan is answered with an error.")


class ModelSettings(_Group):
    """Your own models in place of the shipped ones: folders with a Hugging Face sequence-classification model in ONNX."""

    injection: Path | None = Field(None, description="Replaces the head of prompt injection.")
    toxic: Path | None = Field(None, description="Replaces the head of toxic content, in those categories that its labels name.")
    agent: Path | None = Field(None, description="Replaces the head of agent threats.")
    grounding: Path | None = Field(
        None, description="Replaces the grounding model: a cross-encoder with labels for entailment, contradiction and neutral."
    )


class LogSettings(_Group):
    """Structured logs on standard error; never scanned content."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level that is written.")
    format: Literal["json", "console"] = Field("json", description="One JSON object a line, or text for a terminal.")


class Settings(BaseSettings):
    """The settings tree; `settings.limits.batch_items` is `SCANGATE_LIMITS__BATCH_ITEMS`."""

    model_config = SettingsConfigDict(
        env_prefix="SCANGATE_", env_nested_delimiter="__", frozen=True, extra="ignore", nested_model_default_partial_update=True
    )

    data_dir: Path = Field(Path("data"), description="Directory of everything that Scangate stores.")
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    limits: LimitSettings = LimitSettings()
    identity: IdentitySettings = IdentitySettings()
    records: RecordSettings = RecordSettings()
    forwarding: ForwardingSettings = ForwardingSettings()
    data_profiles: DataProfileSettings = DataProfileSettings()
    jobs: JobSettings = JobSettings()
    models: ModelSettings = ModelSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config = os.environ.get(CONFIG_VARIABLE)
        toml = (TomlConfigSettingsSource(settings_cls, Path(config)),) if config else ()
        return (init_settings, env_settings, *toml)

    @property
    def own_models(self) -> dict[str, Path]:
        """Folders of the user's models, by the head or model that each replaces."""
        named = {name: getattr(self.models, name) for name in ModelSettings.model_fields}
        return {name: path for name, path in named.items() if path is not None}

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'scangate.db'}"


def load_settings(**overrides: object) -> Settings:
    """
    Args:
        overrides: top-level values that beat environment and file, such as `data_dir` or a whole `server` group (as a dict).

    Raises:
        ConfigurationError: names the setting and what is wrong with it.
    """
    config = os.environ.get(CONFIG_VARIABLE)
    if config and not Path(config).is_file():
        raise ConfigurationError(f"{CONFIG_VARIABLE} names {config!r}, which is not a file")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "__".join(str(step) for step in first["loc"]).upper()
        raise ConfigurationError(f"SCANGATE_{name}: {first['msg']}") from None
    except ValueError as error:  # a TOML file that does not parse
        raise ConfigurationError(f"{CONFIG_VARIABLE}: {error}") from None
