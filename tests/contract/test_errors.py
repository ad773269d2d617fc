"""Every row of the error table, with its body and no other."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.live import ASYNC, REPORTS, RESULTS, SYNC, LiveServer, running

JSON = {"Content-Type": "application/json"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def body(**overrides: Any) -> dict[str, Any]:
    return {"contents": [{"prompt": "Hello"}]} | overrides


def nested(depth: int) -> str:
    return '{"contents":' + "[" * depth + "]" * depth + "}"


INVALID_SYNC = {
    "empty body": b"",
    "white space": b"  \n",
    "not JSON": b"{prompt",
    "not an object": b"[]",
    "broken UTF-8": b'{"contents":[{"prompt":"\xff\xfe"}]}',
    "lone surrogate": b'{"contents":[{"prompt":"\\ud800"}]}',
    "10,000 deep": nested(10_000).encode(),
    "huge number": b'{"contents":1e999999}',
    "no contents": b"{}",
    "null contents": b'{"contents":null}',
    "empty contents": b'{"contents":[]}',
    "no scan content": b'{"contents":[{}]}',
    "only null content": b'{"contents":[{"prompt":null,"response":null}]}',
    "only context": b'{"contents":[{"context":"facts"}]}',
    "empty prompt": b'{"contents":[{"prompt":""}]}',
    "empty response": b'{"contents":[{"prompt":"a","response":""}]}',
    "prompt of the wrong type": b'{"contents":[{"prompt":5}]}',
    "contents of the wrong type": b'{"contents":"Hello"}',
    "tool event as an array": b'{"contents":[{"tool_event":[]}]}',
    "tool event without input and output": b'{"contents":[{"tool_event":{"metadata":{"ecosystem":"mcp"}}}]}',
    "tool input as an object": b'{"contents":[{"tool_event":{"input":{}}}]}',
    "tr_id too long": json.dumps(body(tr_id="x" * 101)).encode(),
    "session_id of the wrong type": json.dumps(body(session_id=7)).encode(),
    "metadata of the wrong type": json.dumps(body(metadata="shop")).encode(),
    "metadata field of the wrong type": json.dumps(body(metadata={"app_name": 7})).encode(),
    "ai_profile of the wrong type": json.dumps(body(ai_profile="default")).encode(),
}
INVALID_PROFILE = {
    "id that is no UUID": ({"profile_id": "default"}, "invalid profile"),
    "name too long": ({"profile_name": "x" * 101}, "invalid profile"),
    "unknown name": ({"profile_name": "no-such"}, "profile not found"),
    "unknown id": ({"profile_id": UNKNOWN}, "profile not found"),
    "unknown id beats a good name": ({"profile_id": UNKNOWN, "profile_name": "default"}, "profile not found"),
}
ITEM = {"req_id": 1, "scan_req": {"contents": [{"prompt": "Hello"}]}}
INVALID_ASYNC = {
    "object": b"{}",
    "empty batch": b"[]",
    "26 items": json.dumps([ITEM] * 26).encode(),
    "no req_id": b'[{"scan_req":{"contents":[{"prompt":"a"}]}}]',
    "negative req_id": json.dumps([ITEM | {"req_id": -1}]).encode(),
    "req_id over uint32": json.dumps([ITEM | {"req_id": 2**32}]).encode(),
    "one bad item among good ones": json.dumps([ITEM, {"req_id": 2, "scan_req": {"contents": []}}]).encode(),
}
INVALID_QUERIES = {
    "no scan ids": (RESULTS, {}),
    "empty scan ids": (RESULTS, {"scan_ids": ""}),
    "six scan ids": (RESULTS, {"scan_ids": ",".join([UNKNOWN] * 6)}),
    "scan id too long": (RESULTS, {"scan_ids": UNKNOWN + "0"}),
    "scan id that is no UUID": (RESULTS, {"scan_ids": "z" * 36}),
    "unknown scan id": (RESULTS, {"scan_ids": UNKNOWN}),
    "no report ids": (REPORTS, {}),
    "six report ids": (REPORTS, {"report_ids": ",".join([f"R{UNKNOWN}"] * 6)}),
    "report id without R": (REPORTS, {"report_ids": UNKNOWN}),
    "report id too long": (REPORTS, {"report_ids": f"R{UNKNOWN}0"}),
    "unknown report id": (REPORTS, {"report_ids": f"R{UNKNOWN}"}),
}


def assert_error(answer: httpx.Response, status: int, message: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    document = answer.json()
    assert list(document) == ["error"] and document["error"]["message"] == message
    assert set(document["error"]) <= {"message", "detail", "retry_after"}
    error: dict[str, Any] = document["error"]
    return error


@pytest.mark.parametrize("content", INVALID_SYNC.values(), ids=INVALID_SYNC.keys())
def test_invalid_sync_request_is_400(client: httpx.Client, content: bytes) -> None:
    assert_error(client.post(SYNC, content=content, headers=JSON), 400, "Request data is invalid or malformed")


@pytest.mark.parametrize(("profile", "words"), INVALID_PROFILE.values(), ids=INVALID_PROFILE.keys())
def test_profile_fault_is_400_in_the_words_that_clients_look_for(
    client: httpx.Client, profile: dict[str, str], words: str
) -> None:
    answer = client.post(SYNC, json=body(ai_profile=profile))
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("content", INVALID_ASYNC.values(), ids=INVALID_ASYNC.keys())
def test_invalid_batch_is_400_and_nothing_of_it_is_accepted(client: httpx.Client, content: bytes) -> None:
    assert_error(client.post(ASYNC, content=content, headers=JSON), 400, "Request data is invalid or malformed")


@pytest.mark.parametrize(("path", "query"), INVALID_QUERIES.values(), ids=INVALID_QUERIES.keys())
def test_invalid_query_is_400(client: httpx.Client, path: str, query: dict[str, str]) -> None:
    assert_error(client.get(path, params=query), 400, "Request data is invalid or malformed")


def test_unknown_scan_id_says_so(client: httpx.Client) -> None:
    assert client.get(RESULTS, params={"scan_ids": UNKNOWN}).json()["error"]["detail"] == "Invalid scan ID"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", SYNC), ("POST", ASYNC), ("GET", RESULTS), ("GET", REPORTS), ("GET", f"{RESULTS}/{UNKNOWN}")]
)
def test_missing_key_is_401_and_a_wrong_one_403(server: LiveServer, method: str, path: str) -> None:
    with server.client(key="") as anonymous, server.client(key="sg_wrong") as stranger:
        assert_error(anonymous.request(method, path), 401, "Not Authenticated")
        assert_error(stranger.request(method, path), 403, "Invalid API Key")
        assert_error(anonymous.request(method, path, headers={"Authorization": "Bearer x"}), 403, "Invalid API Key")


def test_unknown_path_is_404_and_a_wrong_method_405(client: httpx.Client) -> None:
    assert_error(client.get("/v1/scan"), 404, "Resource is not found")
    assert_error(client.get("/../../etc/passwd"), 404, "Resource is not found")
    assert_error(client.get(SYNC), 405, "The method is not allowed")
    assert_error(client.delete(RESULTS), 405, "The method is not allowed")


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("path", [SYNC, ASYNC])
def test_other_media_type_is_415(client: httpx.Client, path: str, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    assert_error(client.post(path, content=json.dumps(body()), headers=headers), 415, "The media type is not supported")


def test_media_type_may_have_parameters(client: httpx.Client) -> None:
    answer = client.post(SYNC, content=json.dumps(body()), headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize(("path", "limit"), [(SYNC, 2 * 1024 * 1024), (ASYNC, 5 * 1024 * 1024)])
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_body_past_the_limit_is_413(client: httpx.Client, path: str, limit: int, chunked: bool) -> None:
    content = b'{"contents":[{"prompt":"' + b"a" * limit + b'"}]}'
    sent = iter([content[at : at + 65536] for at in range(0, len(content), 65536)]) if chunked else content
    assert_error(client.post(path, content=sent, headers=JSON), 413, "The request body is too large")


def test_eleventh_query_in_a_minute_is_429_with_a_time_to_wait(tmp_path: Path) -> None:
    with running(tmp_path / "data") as live, live.client() as client:
        scan_id = client.post(SYNC, json=body()).json()["scan_id"]
        answers = [client.get(RESULTS, params={"scan_ids": scan_id}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        error = assert_error(answers[-1], 429, "Request exceeds limit")
        assert error["retry_after"] == {"interval": 1, "unit": "minute"}
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
        assert client.get(REPORTS, params={"report_ids": f"R{scan_id}"}).status_code == 200, "reports have a count of their own"
        assert client.post(SYNC, json=body()).status_code == 200, "scans are not counted"


def sign(key: str, content: bytes) -> dict[str, str]:
    return JSON | {"x-payload-hash": hmac.new(key.encode(), content, hashlib.sha256).hexdigest()}


def test_payload_hash_is_checked_over_the_raw_bytes_when_it_is_sent(server: LiveServer, client: httpx.Client) -> None:
    content = b'{ "contents" : [ {"prompt":"Hello"} ] }'
    assert client.post(SYNC, content=content, headers=sign(server.key, content)).status_code == 200
    error = assert_error(
        client.post(SYNC, content=content + b" ", headers=sign(server.key, content)), 400, "Request data is invalid or malformed"
    )
    assert error["detail"] == "x-payload-hash does not match the body"
    scan_id = client.post(SYNC, json=body()).json()["scan_id"]
    for message in (b"", b"null"):
        assert client.get(RESULTS, params={"scan_ids": scan_id}, headers=sign(server.key, message)).status_code == 200
