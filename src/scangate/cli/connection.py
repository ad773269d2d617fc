"""Options of the commands that speak to a running server: MCP, relay and proxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scangate.errors import ConfigurationError
from scangate.settings import load_settings

if TYPE_CHECKING:
    from scangate.client import Server

ServerOption = Annotated[
    str | None, typer.Option("--server", help="Address of the Scangate server; left out: the one that runs on --data-dir.")
]
KeyOption = Annotated[
    str | None, typer.Option("--api-key", envvar="SCANGATE_API_KEY", help="API key for --server.", show_envvar=True)
]
CaOption = Annotated[Path | None, typer.Option("--ca", help="Certificates (PEM) to trust in place of the system's.")]
ProfileOption = Annotated[str | None, typer.Option(help="Security profile, by name or id; left out: the key's own.")]
DataDirOption = Annotated[Path | None, typer.Option(help="Data directory of the server on this machine.")]


def server_of(server: str | None, api_key: str | None, ca: Path | None, profile: str | None, data_dir: Path | None) -> Server:
    """
    Raises:
        ConfigurationError: no server is named and none is known on this machine, or a server is named without a key.
    """
    from scangate.client import Server, local_server

    if server is None:
        settings = load_settings(**({"data_dir": data_dir} if data_dir is not None else {}))
        return local_server(settings.data_dir, profile)
    if not api_key:
        raise ConfigurationError("--server needs an API key: --api-key or SCANGATE_API_KEY")
    return Server(server, api_key, profile, ca)
