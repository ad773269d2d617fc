"""Composition of the management API. Its routes take long to load and nothing of them lies on the scan path: `app` makes it when it serves."""

from __future__ import annotations

from fastapi import FastAPI

from scangate import __version__
from scangate.identity.application_management import router as application_management
from scangate.identity.deployment_management import router as deployment_management
from scangate.identity.key_management import router as key_management
from scangate.identity.management import router as identity_management
from scangate.identity.role_management import router as role_management
from scangate.identity.token_management import router as token_management
from scangate.identity.user_management import router as user_management
from scangate.profiles.data_profile_management import router as data_profile_management
from scangate.profiles.management import router as profile_management
from scangate.profiles.topic_management import router as topic_management
from scangate.records.dashboard_management import router as dashboard_management
from scangate.records.management import router as records_management
from scangate.settings import Settings
from scangate.web.management import BodyLimit, MgmtError, install_management_errors

MANAGEMENT_ERRORS = {
    400: "The request is malformed",
    401: "No token, or one that does not hold",
    403: "The role does not permit it",
    404: "There is no such thing in this tenant",
    409: "A name is taken, or something still refers to this",
    413: "The body is too large",
    503: "Storage is unavailable",
}


def create_management(settings: Settings) -> FastAPI:
    """The management API, an application of its own (see `web.management`)."""
    app = FastAPI(
        title="Scangate management API",
        version=__version__,
        description="Profiles, topics, applications, keys, logs: what an operator of one tenant manages.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        responses={status: {"model": MgmtError, "description": text} for status, text in MANAGEMENT_ERRORS.items()},
    )
    install_management_errors(app)
    app.add_middleware(BodyLimit, max_bytes=settings.identity.body_bytes)
    for router in (
        key_management,
        application_management,
        deployment_management,
        token_management,
        role_management,
        user_management,
        identity_management,
    ):
        app.include_router(router)
    app.include_router(profile_management)
    app.include_router(topic_management)
    app.include_router(data_profile_management)
    app.include_router(records_management)
    app.include_router(dashboard_management)
    return app
