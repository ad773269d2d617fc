"""A client of a running Scangate: what `scangate eval --via`, the MCP commands and the model proxy speak to it with."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx

from scangate.domain.ids import is_uuid
from scangate.errors import ConfigurationError, RequestInvalidError, ScanFailedError

JsonObject = dict[str, Any]
T = TypeVar("T")
SCAN_PATH: Final = "/v1/scan/sync/request"
ASYNC_PATH: Final = "/v1/scan/async/request"
RESULTS_PATH: Final = "/v1/scan/results"
REPORTS_PATH: Final = "/v1/scan/reports"
_WAIT_SECONDS_MAX: Final = 120.0
_ANSWER_SECONDS: Final = 330.0
"""Longer than the longest deadline that a profile can have."""
_BUSY: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is and what to show it. `ca` is a file of certificates to trust in place of the system's."""

    url: str
    api_key: str
    profile: str | None = None
    ca: Path | None = None

    def client(self, connections: int = 100) -> httpx.AsyncClient:
        """
        Raises:
            RequestInvalidError: the address is no http or https URL.
            ConfigurationError: the certificate file cannot be read.
        """
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable:
            raise RequestInvalidError("the address of a Scangate server is needed, as in https://localhost:8443")
        try:
            verify = ssl.create_default_context(cafile=self.ca) if self.ca else True
        except (OSError, ssl.SSLError):
            raise ConfigurationError(f"{str(self.ca)!r} is not a readable file of certificates (PEM)") from None
        return httpx.AsyncClient(
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers={"x-pan-token": self.api_key},
            verify=verify,
            timeout=_ANSWER_SECONDS,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            trust_env=False,
        )

    @property
    def profile_reference(self) -> JsonObject:
        """`ai_profile` of a request; empty for the key's own default."""
        if not self.profile:
            return {}
        return {"ai_profile": {"profile_id" if is_uuid(self.profile) else "profile_name": self.profile}}


def local_server(data_dir: Path, profile: str | None = None) -> Server:
    """The server that runs on a data directory of this machine, with its first API key.

    Raises:
        ConfigurationError: no server has been started there, or its file cannot be read.
    """
    file = data_dir / "bootstrap.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        url, key, ca = found.get("http_url") or found["url"], found["api_key"], found.get("ca_cert")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(
            f"no server is known: {str(file)!r} cannot be read. Start one with `scangate serve`, or give --server and SCANGATE_API_KEY"
        ) from None
    return Server(str(url), str(key), profile, Path(ca) if ca else None)


class ScanClient:
    """Asks a server for verdicts. Safe for use by many tasks of one event loop."""

    def __init__(self, server: Server, connections: int = 100) -> None:
        self._server = server
        self._http = server.client(connections)

    async def close(self) -> None:
        await self._http.aclose()

    async def scan(self, contents: Sequence[JsonObject], about: Mapping[str, Any] | None = None) -> JsonObject:
        """The scan response for `contents`; `about` holds `session_id`, `transaction_id`, `metadata` and the like.

        Raises:
            ScanFailedError: the server cannot be reached, is busy for too long, or refuses.
        """
        body = {**self._server.profile_reference, **(about or {}), "contents": list(contents)}
        return _answered(json_object, await self._post(SCAN_PATH, body))

    async def scan_later(self, batch: Sequence[Sequence[JsonObject]], about: Mapping[str, Any] | None = None) -> JsonObject:
        """The acknowledgement of an asynchronous scan of several `contents`, which are numbered from 1. Raises as `scan` does."""
        shared = {**self._server.profile_reference, **(about or {})}
        items = [
            {"req_id": number, "scan_req": {**shared, "contents": list(contents)}} for number, contents in enumerate(batch, 1)
        ]
        return _answered(json_object, await self._post(ASYNC_PATH, items))

    async def results(self, scan_ids: Sequence[str]) -> list[JsonObject]:
        """Rows of asynchronous scans. Raises as `scan` does."""
        return _answered(json_list, await self._ask("GET", RESULTS_PATH, params={"scan_ids": ",".join(scan_ids)}))

    async def reports(self, report_ids: Sequence[str]) -> list[JsonObject]:
        """Threat reports. Raises as `scan` does."""
        return _answered(json_list, await self._ask("GET", REPORTS_PATH, params={"report_ids": ",".join(report_ids)}))

    async def ready(self) -> None:
        """
        Raises:
            ScanFailedError: the server does not answer, or is not ready.
        """
        await self._ask("GET", "/ready")

    async def _post(self, path: str, body: object) -> httpx.Response:
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        for attempt in (1, 2, 3):
            try:
                answer = await self._http.request(method, path, **request)
            except httpx.HTTPError as error:
                raise ScanFailedError(unreachable(error)) from None
            if answer.status_code == httpx.codes.OK:
                return answer
            if answer.status_code not in _BUSY or attempt == 3:
                break
            await asyncio.sleep(min(wait_seconds(answer), 2.0))
        raise ScanFailedError(refusal(answer))


def _answered(read: Callable[[httpx.Response], T], answer: httpx.Response) -> T:
    try:
        return read(answer)
    except RequestInvalidError as error:
        raise ScanFailedError(error.message) from None


def wait_seconds(answer: httpx.Response) -> float:
    """How long the server asks to wait, from 0.1 s to two minutes."""
    try:
        seconds = float(answer.headers.get("retry-after", "1"))
    except ValueError:
        seconds = 1.0
    return min(max(seconds, 0.1), _WAIT_SECONDS_MAX)


def json_object(answer: httpx.Response) -> JsonObject:
    """
    Raises:
        RequestInvalidError: the answer is no JSON object.
    """
    document = _decoded(answer)
    if not isinstance(document, dict):
        raise RequestInvalidError("the server's answer is not one of the scan API")
    return document


def json_list(answer: httpx.Response) -> list[JsonObject]:
    """
    Raises:
        RequestInvalidError: the answer is no JSON list of objects.
    """
    document = _decoded(answer)
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise RequestInvalidError("the server's answer is not one of the scan API")
    return document


def _decoded(answer: httpx.Response) -> object:
    try:
        document: object = answer.json()
    except ValueError:
        return None
    return document


def refusal(answer: httpx.Response) -> str:
    """Status and message as the server gave them; Scangate's own name fields and never quote content."""
    document = _decoded(answer)
    error = document.get("error") if isinstance(document, dict) else None
    error = error if isinstance(error, dict) else {}
    said = [str(error[key])[:200] for key in ("message", "detail") if error.get(key)]
    return f"the server answered {answer.status_code}" + (f": {'; '.join(said)}" if said else "")


def unreachable(error: httpx.HTTPError) -> str:
    """Why there was no answer, without anything of the request."""
    reason = "; is the certificate's CA given with --ca?" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
    return f"cannot reach the server: {type(error).__name__}{reason}"
