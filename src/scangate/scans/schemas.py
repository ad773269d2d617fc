"""The scan API's request, validated once at the edge. Unknown fields are ignored and null means absent: clients send both."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, TypeAdapter, ValidationError

from scangate.domain.content import Content, Part, ToolMetadata
from scangate.domain.ids import CORRELATION_ID_MAX, is_uuid
from scangate.domain.profile import PROFILE_NAME_MAX, document_path
from scangate.domain.taxonomy import PartKind, Side
from scangate.errors import ProfileInvalidError, RequestInvalidError

CorrelationId = Annotated[StrictStr, Field(max_length=CORRELATION_ID_MAX)]
UINT32_MAX = 2**32 - 1
LISTING_METHODS = frozenset({"tools/list", "prompts/list", "resources/list", "resources/templates/list"})
"""Methods whose results are declarations: read item by item."""
T = TypeVar("T")


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class AiProfile(_Wire):
    """The profile to scan under: by id (one revision) or by name (its newest); the id wins when both are given."""

    profile_id: StrictStr | None = None
    profile_name: StrictStr | None = None


class AgentMeta(_Wire):
    agent_id: StrictStr | None = None
    agent_version: StrictStr | None = None
    agent_arn: StrictStr | None = None


class Metadata(_Wire):
    """About the application and its user; kept with the scan."""

    app_name: StrictStr | None = None
    app_user: StrictStr | None = None
    ai_model: StrictStr | None = None
    user_ip: StrictStr | None = None
    agent_meta: AgentMeta | None = None


class ToolEventMetadata(_Wire):
    ecosystem: StrictStr | None = None
    method: StrictStr | None = None
    server_name: StrictStr | None = None
    tool_invoked: StrictStr | None = None


class ToolEvent(_Wire):
    """A tool call or its result; `input` and `output` are raw JSON strings, at least one present."""

    metadata: ToolEventMetadata | None = None
    input: StrictStr | None = None
    output: StrictStr | None = None


class ScanContent(_Wire):
    prompt: StrictStr | None = None
    response: StrictStr | None = None
    code_prompt: StrictStr | None = None
    code_response: StrictStr | None = None
    context: StrictStr | None = None
    tool_event: ToolEvent | None = None

    def parts(self) -> tuple[Part, ...]:
        """Everything in it that can be scanned, in report order."""
        event = self.tool_event
        declares = event is not None and event.metadata is not None and event.metadata.method in LISTING_METHODS
        candidates = (
            (Side.PROMPT, PartKind.TEXT, self.prompt),
            (Side.PROMPT, PartKind.CODE, self.code_prompt),
            (Side.RESPONSE, PartKind.TEXT, self.response),
            (Side.RESPONSE, PartKind.CODE, self.code_response),
            (Side.TOOL_INPUT, PartKind.JSON, event.input if event else None),
            (Side.TOOL_OUTPUT, PartKind.JSON, event.output if event else None),
        )
        return tuple(
            Part(side, kind, text, declares=declares and side is Side.TOOL_OUTPUT) for side, kind, text in candidates if text
        )


class ScanRequest(_Wire):
    """One scan. The last element of `contents` is scanned; the earlier ones are its context."""

    tr_id: CorrelationId | None = None
    session_id: CorrelationId | None = None
    transaction_id: CorrelationId | None = None
    ai_profile: AiProfile | None = None
    metadata: Metadata | None = None
    contents: Annotated[list[ScanContent], Field(min_length=1)]


class PinnedRequest(ScanRequest):
    """A request of a batch as it waits to be scanned, with what the scan log will say of who sent it."""

    application_name: str = ""
    agent_framework: str = ""


class AsyncScanObject(_Wire):
    req_id: Annotated[StrictInt, Field(ge=0, le=UINT32_MAX)]
    scan_req: ScanRequest


_scan_request: TypeAdapter[ScanRequest] = TypeAdapter(ScanRequest)
_batch: TypeAdapter[list[AsyncScanObject]] = TypeAdapter(list[AsyncScanObject])


def parse_scan_request(body: bytes) -> ScanRequest:
    """
    Raises:
        RequestInvalidError: with the path to the fault and never a value of the request.
    """
    request = _parse(_scan_request, body)
    check_scan_request(request, "")
    return request


def parse_batch(body: bytes, *, max_items: int) -> list[AsyncScanObject]:
    """
    Raises:
        RequestInvalidError: malformed, empty, or more than `max_items` scan requests; nothing of it was accepted.
    """
    batch = _parse(_batch, body)
    if not batch:
        raise RequestInvalidError("no scan requests in the batch")
    if len(batch) > max_items:
        raise RequestInvalidError(f"{len(batch)} scan requests in the batch; at most {max_items} are accepted")
    for index, item in enumerate(batch):
        check_scan_request(item.scan_req, f"[{index}].scan_req.")
    return batch


def _parse(adapter: TypeAdapter[T], body: bytes) -> T:
    if not body.strip():
        raise RequestInvalidError("the body is empty")
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise RequestInvalidError("the body is not valid JSON in UTF-8") from None
        path = document_path(first["loc"])
        raise RequestInvalidError(f"{path}: {first['msg']}" if path else first["msg"]) from None


def check_scan_request(request: ScanRequest, path: str) -> None:
    """The rules that types alone do not say."""
    last = request.contents[-1]
    place = f"{path}contents[{len(request.contents) - 1}]"
    for name in ("prompt", "response"):
        if getattr(last, name) == "":
            raise RequestInvalidError(f"{place}.{name}: empty")
    if last.tool_event is not None and not (last.tool_event.input or last.tool_event.output):
        raise RequestInvalidError(f"{place}.tool_event: input or output is required")
    if not last.parts():
        raise RequestInvalidError(f"{place}: no scan content")
    profile = request.ai_profile
    if profile is not None:
        if profile.profile_id and not is_uuid(profile.profile_id):
            raise ProfileInvalidError("invalid profile: profile_id is not a UUID")
        if profile.profile_name and len(profile.profile_name) > PROFILE_NAME_MAX:
            raise ProfileInvalidError(f"invalid profile: profile_name has more than {PROFILE_NAME_MAX} characters")


def to_content(request: ScanRequest) -> Content:
    """The last element as parts, the earlier ones as history."""
    last = request.contents[-1]
    event = last.tool_event
    metadata = event.metadata if event and event.metadata else ToolEventMetadata()
    return Content(
        parts=last.parts(),
        history=tuple(part for earlier in request.contents[:-1] for part in earlier.parts()),
        grounding_context=last.context,
        tool=ToolMetadata(
            ecosystem=metadata.ecosystem or "",
            method=metadata.method or "",
            server_name=metadata.server_name or "",
            tool_invoked=metadata.tool_invoked or "",
        )
        if event
        else None,
    )
