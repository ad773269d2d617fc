"""JSON documents that a management route takes. It reads them itself, after it knows who calls and that they may: whoever may not is
told so whatever they sent, and nothing of theirs is parsed."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from scangate.errors import RequestInvalidError

M = TypeVar("M", bound=BaseModel)


async def read_document(request: Request, model: type[M]) -> M:
    """The body as JSON of RFC 8259: no NaN, no lone surrogates, which no database would give back.

    Raises:
        RequestInvalidError: with the place of the first fault, and nothing of the values.
        RequestTooLargeError: the body is over the limit of the management plane.
    """
    try:
        document = orjson.loads(await request.body())
    except ClientDisconnect:
        raise RequestInvalidError from None
    except orjson.JSONDecodeError:
        raise RequestInvalidError("the body is not valid JSON in UTF-8") from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise RequestInvalidError(f"{place}: {message}" if place else message) from None


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route that calls `read_document`: what FastAPI would say of the body if it read it."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


def required(value: str | None, name: str) -> str:
    """A query parameter that a route insists on, once it knows who calls.

    Raises:
        RequestInvalidError: it is missing or empty.
    """
    if not value:
        raise RequestInvalidError(f"query.{name}: Field required")
    return value
