"""What FastAPI cannot see of routes that read their bodies by hand: request schemas, answers, errors, security."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from scangate.scans.answers import AsyncScanResponse, ErrorEnvelope, ScanIdResult, ScanResponse, ThreatScanReport
from scangate.scans.schemas import AsyncScanObject, ScanRequest

_SECURITY: list[dict[str, list[str]]] = [{"x-pan-token": []}]
_REF = "#/components/schemas/{model}"
_ERRORS = {
    400: "Request data is invalid or malformed",
    401: "Not Authenticated",
    403: "Invalid API Key",
    429: "Request exceeds limit",
    503: "Storage is unavailable; nothing was written",
}
_BODY_ERRORS = {
    408: "The request body did not arrive in time",
    413: "The request body is too large",
    415: "The media type is not supported",
}


def _responses(answer: Any, errors: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    described: dict[int | str, dict[str, Any]] = {200: {"model": answer, "description": "Done"}}
    return described | {status: {"model": ErrorEnvelope, "description": text} for status, text in errors.items()}


def _post(answer: Any, schema: dict[str, Any], summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "tags": ["Scans"],
        "responses": _responses(answer, _ERRORS | _BODY_ERRORS),
        "openapi_extra": {
            "security": _SECURITY,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        },
    }


def _get(answer: Any, tag: str, summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "tags": [tag],
        "responses": _responses(answer, _ERRORS),
        "openapi_extra": {"security": _SECURITY},
    }


SYNC_REQUEST = _post(ScanResponse, {"$ref": _REF.format(model="ScanRequest")}, "Scan now")
ASYNC_REQUEST = _post(
    AsyncScanResponse,
    {"type": "array", "minItems": 1, "items": {"$ref": _REF.format(model="AsyncScanObject")}},
    "Scan later",
)
RESULTS = _get(list[ScanIdResult], "Scan Results", "Results of scans")
RESULT = _get(Any, "Scan Results", "Result of one scan")
REPORTS = _get(list[ThreatScanReport], "Scan Reports", "Reports of scans")


def install_openapi(app: FastAPI) -> None:
    """Complete the generated document with the request schemas and the API key scheme."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _, requests = models_json_schema([(ScanRequest, "validation"), (AsyncScanObject, "validation")], ref_template=_REF)
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update(requests["$defs"])
            components["securitySchemes"] = {"x-pan-token": {"type": "apiKey", "in": "header", "name": "x-pan-token"}}
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
