"""The token URL, and what its tokens open, against a live server."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from tests.live import LiveServer

TOKEN = "/oauth2/access_token"
AUDIT = "/v1/mgmt/auditlogs"


def form(server: LiveServer, **changes: str) -> dict[str, str]:
    document = server.bootstrap
    client = {"client_id": document["client_id"], "client_secret": document["client_secret"]}
    return {"grant_type": "client_credentials", **client, **changes}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def token(server: LiveServer) -> str:
    with server.client("") as client:
        return str(client.post(TOKEN, data=form(server)).json()["access_token"])


def test_client_in_the_form(server: LiveServer) -> None:
    with server.client("") as client:
        answer = client.post(TOKEN, data=form(server))
    document = answer.json()
    assert answer.status_code == 200 and document["token_type"] == "Bearer"
    assert type(document["expires_in"]) is int and document["expires_in"] > 0
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [TOKEN, "/am/oauth2/access_token"])
def test_client_in_basic_authorisation_with_scope(server: LiveServer, path: str) -> None:
    tsg_id = server.bootstrap["tsg_id"]
    data = {"grant_type": "client_credentials", "scope": f"tsg_id:{tsg_id}"}
    basic = (server.bootstrap["client_id"], server.bootstrap["client_secret"])
    with server.client("") as client:
        answer = client.post(path, data=data, auth=basic)
    assert answer.status_code == 200 and answer.json()["scope"] == f"tsg_id:{tsg_id}"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"scope": "tsg_id:1"}, 400, "invalid_scope"),
    ],
)
def test_refusals_are_those_of_the_rfc(server: LiveServer, changes: dict[str, str], status: int, code: str) -> None:
    with server.client("") as client:
        answer = client.post(TOKEN, data=form(server, **changes))
    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize("header", ["Bearer x", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode()])
def test_an_authorisation_that_cannot_be_read_is_no_client(server: LiveServer, header: str) -> None:
    with server.client("") as client:
        answer = client.post(TOKEN, data={"grant_type": "client_credentials"}, headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_opens_the_management_plane_and_not_the_scan_plane(server: LiveServer, token: str) -> None:
    with server.client("") as client:
        assert client.get(AUDIT, headers=bearer(token)).status_code == 200
        assert client.get("/aisec" + AUDIT, headers=bearer(token)).status_code == 200
        scan = client.post("/v1/scan/sync/request", json={"contents": [{"prompt": "hi"}]}, headers=bearer(token))
    assert scan.status_code == 403


def tampered(token: str, **claims: Any) -> str:
    head, body, signature = token.split(".")
    document = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(document | claims).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("kind", ["none", "garbage", "tampered", "unsigned", "api key", "huge"])
def test_no_other_token_opens_it(server: LiveServer, token: str, kind: str) -> None:
    sent = {
        "none": "",
        "garbage": "a.b.c",
        "tampered": tampered(token, tsg_id="1"),
        "unsigned": unsigned(token),
        "api key": server.key,
        "huge": "x" * 8000,
    }[kind]
    with server.client("") as client:
        answer = client.get(AUDIT, headers=bearer(sent) if sent else {})
    assert answer.status_code == 401
    assert answer.json() == {"status_code": 401, "error_message": "Not Authenticated"}
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_public_keys_verify_a_token(server: LiveServer, token: str) -> None:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    with server.client("") as client:
        keys = client.get("/.well-known/jwks.json").json()
    assert all("d" not in key for key in keys["keys"])
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
    assert (claims["aud"], claims["tsg_id"]) == ("management", server.bootstrap["tsg_id"])


def test_errors_of_the_management_plane_have_its_form(server: LiveServer, token: str) -> None:
    with server.client("") as client:
        missing = client.get("/v1/mgmt/nothing", headers=bearer(token))
        method = client.put(AUDIT, headers=bearer(token))
        query = client.get(AUDIT, params={"limit": "x"}, headers=bearer(token))
        other = client.get(AUDIT, headers=bearer(token) | {"x-tsg-id": "1"})
    found = [(answer.status_code, answer.json()["status_code"]) for answer in (missing, method, query, other)]
    assert found == [(404, 404), (405, 405), (400, 400), (404, 404)]
    assert query.json()["error_message"].startswith("query.limit: ")


def test_a_body_over_the_limit_is_refused(server: LiveServer, token: str) -> None:
    with server.client("") as client:
        answer = client.post("/oauth2/access_token", content=b"x" * 100_000)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
