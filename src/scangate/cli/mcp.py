"""`scangate mcp`: the scan API as an MCP server."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from scangate.cli.connection import CaOption, DataDirOption, KeyOption, ProfileOption, ServerOption, server_of


class Transport(StrEnum):
    STDIO = "stdio"
    HTTP = "http"


def mcp(
    transport: Annotated[
        Transport, typer.Option(help="stdio for a client that starts it; http for streamable HTTP at /mcp.")
    ] = Transport.STDIO,
    host: Annotated[str, typer.Option(help="Address to listen on, with --transport http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, with --transport http.")] = 8481,
    profile: ProfileOption = None,
    server: ServerOption = None,
    api_key: KeyOption = None,
    ca: CaOption = None,
    data_dir: DataDirOption = None,
    app_name: Annotated[str, typer.Option(help="Name in the scan log.")] = "mcp",
) -> None:
    """Serve scanning as MCP tools: pan_inline_scan, pan_batch_scan, pan_get_scan_results, pan_get_scan_reports."""
    from scangate.client import ScanClient
    from scangate.gateway.mcp_server import create_mcp_server
    from scangate.settings import load_settings
    from scangate.telemetry.logs import configure_logs

    configure_logs(load_settings().log)
    found = server_of(server, api_key, ca, profile, data_dir)

    async def serve() -> None:
        client = ScanClient(found)
        try:
            await client.ready()
            tools = create_mcp_server(client, app_name)
            if transport is Transport.STDIO:
                await tools.run_stdio_async()
            else:
                typer.echo(f"Scangate's MCP tools are at http://{host}:{port}/mcp")
                await tools.run_streamable_http_async(host=host, port=port, stateless_http=True)
        finally:
            await client.close()

    asyncio.run(serve())
