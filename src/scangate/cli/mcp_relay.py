"""`scangate mcp-relay`: stands in front of MCP servers and scans what passes."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Annotated

import typer

from scangate.cli.connection import CaOption, DataDirOption, KeyOption, ProfileOption, ServerOption, server_of
from scangate.cli.mcp import Transport
from scangate.errors import ConfigurationError
from scangate.gateway.verdicts import OnFailure


def mcp_relay(
    config: Annotated[Path, typer.Argument(help="File with `mcpServers`, JSON or YAML, as MCP clients keep them.")],
    transport: Annotated[
        Transport, typer.Option(help="stdio for a client that starts it; http for streamable HTTP at /mcp.")
    ] = Transport.STDIO,
    host: Annotated[str, typer.Option(help="Address to listen on, with --transport http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, with --transport http.")] = 8482,
    profile: ProfileOption = None,
    server: ServerOption = None,
    api_key: KeyOption = None,
    ca: CaOption = None,
    data_dir: DataDirOption = None,
    on_failure: Annotated[OnFailure, typer.Option(help="What becomes of content that could not be scanned.")] = OnFailure.BLOCK,
    pins: Annotated[Path | None, typer.Option(help="File of accepted declarations; left out: beside CONFIG.")] = None,
    approve: Annotated[str | None, typer.Option(help="Accept the declarations of this server anew, and end.")] = None,
    app_name: Annotated[str, typer.Option(help="Name in the scan log.")] = "mcp-relay",
) -> None:
    """Stand in front of MCP servers: scan declarations, calls and results, hide poisoned and changed tools, pass the rest through."""
    from scangate.client import ScanClient
    from scangate.gateway.mcp_relay.config import load_config
    from scangate.gateway.mcp_relay.judging import Judge
    from scangate.gateway.mcp_relay.pins import Pins
    from scangate.gateway.mcp_relay.relay import Relay
    from scangate.gateway.serving import serve_http, serve_stdio
    from scangate.gateway.verdicts import Gate
    from scangate.settings import load_settings
    from scangate.telemetry.logs import configure_logs

    configure_logs(load_settings().log)
    servers = load_config(config)
    known = Pins.load(pins or config.with_name(f"{config.name}.pins"))
    if approve is not None:
        if approve not in servers.servers:
            raise ConfigurationError(f"{str(config)!r} has no server {approve!r}")
        known.forget(approve)
        typer.echo(f"What {approve} declares is accepted when it is next seen.")
        return
    found = server_of(server, api_key, ca, profile, data_dir)

    async def serve() -> None:
        client = ScanClient(found)
        relay = Relay(servers, Judge(Gate(client, on_failure, app_name), known, f"mcp-relay-{uuid.uuid4()}", on_failure))
        try:
            await client.ready()
            if transport is Transport.STDIO:
                await serve_stdio(relay.serving())
            else:
                typer.echo(f"The relay is at http://{host}:{port}/mcp")
                await serve_http(relay.serving(), host, port)
        finally:
            await relay.close()
            await client.close()

    asyncio.run(serve())
