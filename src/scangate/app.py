"""The composition root: settings in, an ASGI application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse, Response

from scangate import __version__
from scangate.identity.endpoints import router as token_router
from scangate.runtime import open_runtime
from scangate.scans.endpoints import bodies as scan_bodies
from scangate.scans.endpoints import router as scan_router
from scangate.scans.openapi import install_openapi
from scangate.settings import Settings
from scangate.telemetry.exposition import metrics_response
from scangate.web.deferred import Deferred
from scangate.web.direct import DirectRoutes
from scangate.web.envelopes import handle_error, install_error_handlers
from scangate.web.middleware import RequestObserver
from scangate.web.responses import OrjsonResponse

MANAGEMENT_PREFIXES = ("/v1/mgmt", "/aisec/v1/mgmt")
"""The second is where clients look that were made for the hosted service's base URL."""


def create_app(settings: Settings, *, releases_jobs: bool = True) -> FastAPI:
    """The scan API of one installation. The data directory must have been prepared (`scangate.bootstrap.prepare`).

    `releases_jobs`: give back the jobs of a predecessor; for the first process only, and while it owns the data directory.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(settings, releases_jobs=releases_jobs) as runtime:
            app.state.runtime = runtime
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(management.load())
                yield

    def make_management() -> FastAPI:
        from scangate.management import create_management

        made = create_management(settings)
        made.state.runtime = app.state.runtime
        return made

    management = Deferred(make_management)
    app = FastAPI(
        title="Scangate scan API",
        version=__version__,
        description="Scans prompts, responses, code and tool calls. Wire-compatible with "
        '"Prisma AIRS AI Runtime Security: API Intercept"; not affiliated with it.',
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    install_error_handlers(app)
    direct = [route for route in scan_bodies.routes if isinstance(route, APIRoute)]
    app.add_middleware(DirectRoutes, routes=direct, on_error=handle_error)
    app.add_middleware(RequestObserver)
    app.include_router(scan_bodies)
    app.include_router(scan_router)
    app.include_router(token_router)

    @app.get("/health", tags=["Operations"])
    async def health() -> Response:
        """The process lives."""
        return OrjsonResponse({"status": "ok", "version": __version__})

    @app.get("/ready", tags=["Operations"], responses={503: {"description": "Not ready to scan"}})
    async def ready(request: Request) -> Response:
        """Detectors are warm and the database takes records; 503 until then."""
        is_ready = await request.app.state.runtime.ready()
        return OrjsonResponse({"ready": is_ready}, status_code=200 if is_ready else 503)

    @app.get("/metrics", tags=["Operations"], response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Prometheus metrics of all processes of this server."""
        await request.app.state.runtime.count_feeds()
        return metrics_response()

    install_openapi(app)
    for prefix in MANAGEMENT_PREFIXES:
        app.mount(prefix, management)
    return app
