"""The relay's configuration: the file that MCP clients keep their servers in, as JSON or YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scangate.errors import ConfigurationError


class UpstreamServer(BaseModel):
    """An MCP server: `command` with arguments for one that speaks over stdio, or the `url` of one that speaks streamable HTTP."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("either command or url is needed")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("url must be http or https")
        return self


class RelayConfig(BaseModel):
    """`mcpServers` as clients write it, by name."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    servers: dict[str, UpstreamServer] = Field(alias="mcpServers", min_length=1)


def load_config(file: Path) -> RelayConfig:
    """
    Raises:
        ConfigurationError: the file cannot be read or does not describe servers; the message names the place, and no value, since
            environments and headers hold secrets.
    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        return RelayConfig.model_validate(document)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {str(file)!r}: {type(error).__name__}") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{str(file)!r} is neither JSON nor YAML") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{str(file)!r}: {place}: {first['msg']}") from None
