"""`scangate proxy`: a reverse proxy in front of a model's API that scans what goes in and what comes out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from scangate.cli.connection import CaOption, DataDirOption, KeyOption, ProfileOption, ServerOption, server_of
from scangate.errors import ConfigurationError
from scangate.gateway.verdicts import OnFailure


def proxy(
    upstream: Annotated[str, typer.Option(help="Address of the model's API, as in https://api.openai.com")],
    profile: ProfileOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8480,
    server: ServerOption = None,
    api_key: KeyOption = None,
    ca: CaOption = None,
    data_dir: DataDirOption = None,
    on_failure: Annotated[OnFailure, typer.Option(help="What becomes of content that could not be scanned.")] = OnFailure.BLOCK,
    passed: Annotated[
        list[str] | None, typer.Option("--pass", help="Path that is passed on unscanned, as in /v1/embeddings; repeatable.")
    ] = None,
    app_name: Annotated[str, typer.Option(help="Name in the scan log.")] = "model-proxy",
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM), to listen with TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The private key of --tls-cert (PEM).")] = None,
) -> None:
    """Stand in front of a model's API: OpenAI chat completions and responses, Anthropic messages, streams included."""
    import uvicorn

    from scangate.client import ScanClient
    from scangate.gateway.model_proxy.app import CONNECTIONS, ProxySettings, create_proxy
    from scangate.gateway.verdicts import Gate
    from scangate.settings import load_settings
    from scangate.telemetry.logs import configure_logs

    parts = urlsplit(upstream)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("--upstream takes an http or https address, as in https://api.openai.com")
    if (tls_cert is None) != (tls_key is None):
        raise ConfigurationError("--tls-cert needs --tls-key and the other way round")
    configure_logs(load_settings().log)
    client = ScanClient(server_of(server, api_key, ca, profile, data_dir), CONNECTIONS)
    gate = Gate(client, on_failure, app_name)
    app = create_proxy(ProxySettings(upstream.rstrip("/"), tuple(passed or ())), gate)

    async def serve() -> None:
        await gate.ready()
        config = uvicorn.Config(
            app, host=host, port=port, log_level="warning", ssl_certfile=tls_cert, ssl_keyfile=tls_key, lifespan="on"
        )
        running = _Announced(config)
        try:
            await running.serve()
        finally:
            await client.close()

    class _Announced(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]
            if not self.should_exit:
                bound = self.servers[0].sockets[0].getsockname()
                scheme = "https" if tls_cert else "http"
                typer.echo(f"Scangate stands in front of {parts.scheme}://{parts.netloc} at {scheme}://{host}:{bound[1]}")

    asyncio.run(serve())
