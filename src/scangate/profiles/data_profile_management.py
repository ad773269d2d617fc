"""Management routes of data profiles: the list of all that a security profile may name, and the tenant's own ones."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from scangate.detectors.sensitive_data.data_profiles import predefined_profiles
from scangate.detectors.sensitive_data.own.definition import NAME_MAX, DataProfileDocument
from scangate.detectors.sensitive_data.own.exact_data import column_of
from scangate.errors import RequestInvalidError
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles.data_profile_changes import DataProfile, data_profile_object
from scangate.profiles.data_profiles import DataProfiles, ImportResult
from scangate.profiles.management import Actor, UpdatedBy
from scangate.profiles.service import Profiles
from scangate.web.documents import body_of, read_document, required
from scangate.web.management import Limit, Offset, page
from scangate.web.responses import OrjsonResponse

router = APIRouter(tags=["Data profiles"])

_PREDEFINED: Final = uuid.UUID("6f0c7c5e-6c1b-5c0e-9b0b-2f1f5c0d7a11")
"""Namespace of the ids of predefined data profiles (RFC 9562 version 5): one profile has the same id on every server."""
PatternName = Annotated[
    str | None,
    Field(max_length=NAME_MAX, description="The pattern's name; may be left out where there is one of that type."),
]


class DLPDataProfileObject(BaseModel):
    """A data profile that `data-leak-detection.member` of a security profile may name. `uuid` and `id` of an own one are the same."""

    name: str
    uuid: str
    id: str
    version: str
    description: str


class ArrayDlpProfileObject(BaseModel):
    dlp_profiles: list[DLPDataProfileObject]


class DataProfileBody(BaseModel):
    """A data profile's document, and who changes it. Id, revision, dates and imports that a client sends along are the server's to say."""

    model_config = ConfigDict(title="DataProfileBody", extra="allow")

    created_by: Actor = None
    updated_by: Actor = None

    def document(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class ValuesBody(BaseModel):
    """A column: `values`, or `csv` with a header and the `column` in it. They are hashed under the tenant's key; nothing else of them is
    kept."""

    model_config = ConfigDict(title="DataProfileValues", strict=True, extra="forbid")

    pattern: PatternName = None
    values: list[str] | None = None
    csv: str | None = None
    column: str | None = Field(default=None, max_length=1000)
    append: bool = Field(default=False, description="Add to the values that are stored in place of replacing them.")
    updated_by: Actor = None

    def column_values(self) -> list[str]:
        """
        Raises:
            RequestInvalidError: neither or both of `values` and `csv`, or no such column.
        """
        if (self.values is None) == (self.csv is None):
            raise RequestInvalidError("give values or csv, one of the two")
        if self.values is not None:
            return self.values
        try:
            return list(column_of(self.csv or "", required_column(self.column)))
        except ValueError as error:
            raise RequestInvalidError(f"csv: {error}") from None


class DocumentBody(BaseModel):
    """A text to fingerprint. Only keyed hashes of it are kept."""

    model_config = ConfigDict(title="DataProfileFingerprint", strict=True, extra="forbid")

    pattern: PatternName = None
    name: str = Field(max_length=NAME_MAX, description="The document's name; a document of that name is replaced.")
    text: str
    updated_by: Actor = None


class ImportObject(BaseModel):
    """What is stored now: `size` values or words. `skipped`: values that were left out as too short or too long."""

    data_profile_id: str
    revision: int
    pattern: str
    size: int
    skipped: int


class ImportedObject(BaseModel):
    pattern: str
    name: str
    kind: str
    size: int
    updated_by: str
    updated_ts: str


class DataProfileObject(BaseModel):
    """A data profile as it is now, with its document."""

    model_config = ConfigDict(extra="allow")

    data_profile_id: str
    data_profile_name: str
    tsg_id: str
    revision: int
    type: str
    imported: list[ImportedObject]
    created_by: str
    updated_by: str
    created_ts: str
    last_modified_ts: str


class DataProfilePage(BaseModel):
    """`next_offset` is 0 on the last page."""

    data_profiles: list[DataProfileObject]
    next_offset: int


def required_column(column: str | None) -> str:
    """
    Raises:
        RequestInvalidError: it is missing.
    """
    if not column:
        raise RequestInvalidError("column: Field required")
    return column


def _service(request: Request) -> DataProfiles:
    profiles: Profiles = request.app.state.runtime.profiles
    return profiles.data_profiles


@router.get("/dlpprofiles", summary="List the data profiles that a security profile may name")
async def list_dlp_profiles(request: Request) -> ArrayDlpProfileObject:
    """The predefined ones, then the tenant's own by name."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.READ)
    own = await _service(request).page(operator.tsg_id)
    predefined = [
        DLPDataProfileObject(
            name=profile.name,
            uuid=str(uuid.uuid5(_PREDEFINED, profile.name)),
            id=profile.ids[0] if profile.ids else "",
            version=str(profile.version),
            description=profile.description,
        )
        for profile in predefined_profiles()
    ]
    return ArrayDlpProfileObject(dlp_profiles=[*predefined, *map(_listed, own)])


def _listed(profile: DataProfile) -> DLPDataProfileObject:
    stored = profile.stored
    return DLPDataProfileObject(
        name=stored.data_profile_name,
        uuid=stored.data_profile_id,
        id=stored.data_profile_id,
        version=str(stored.revision),
        description=stored.document.get("description", ""),
    )


def _body_of_document() -> dict[str, Any]:
    schema = DataProfileDocument.model_json_schema()
    definitions = schema.pop("$defs", {})
    actors = DataProfileBody.model_json_schema()["properties"]
    schema |= {"title": "DataProfileBody", "properties": schema["properties"] | actors, "$defs": definitions}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, definitions)}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Without references: those of a document of its own mean nothing inside of another. No definition refers to itself."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    # the mapping of a discriminator consists of references
    return {name: _inlined(each, definitions) for name, each in schema.items() if name not in ("$defs", "discriminator")}


@router.post("/dataprofile", summary="Create a data profile", response_model=DataProfileObject, openapi_extra=_body_of_document())
async def create_data_profile(request: Request) -> Response:
    """A name that is taken, or that means a predefined data profile, is a 409, and then nothing was stored. An expression that does not
    parse is a 400 with the position."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.CREATE)
    body = await read_document(request, DataProfileBody)
    created = await _service(request).create(operator, body.document(), by=body.created_by or operator.subject)
    return OrjsonResponse(data_profile_object(created))


@router.get("/dataprofiles", summary="List own data profiles", response_model=DataProfilePage)
async def list_data_profiles(request: Request, offset: Offset = 0, limit: Limit = 100) -> Response:
    """By name, with their documents."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.READ)
    return await _page(request, operator, offset, limit)


@router.get("/dataprofiles/tsg/{tsg_id}", summary="List own data profiles of a tenant", response_model=DataProfilePage)
async def list_data_profiles_of_tenant(request: Request, tsg_id: str, offset: Offset = 0, limit: Limit = 100) -> Response:
    """The same list; the tenant must be the caller's."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.READ, tsg_id=tsg_id)
    return await _page(request, operator, offset, limit)


async def _page(request: Request, operator: Operator, offset: int, limit: int) -> Response:
    found = await _service(request).page(operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return OrjsonResponse({"data_profiles": [data_profile_object(each) for each in shown], "next_offset": following})


@router.get("/dataprofile/{data_profile}", summary="Show an own data profile", response_model=DataProfileObject)
async def show_data_profile(request: Request, data_profile: str) -> Response:
    """By id or name."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.READ)
    return OrjsonResponse(data_profile_object(await _service(request).find(operator.tsg_id, data_profile)))


@router.put(
    "/dataprofile/uuid/{data_profile_id}",
    summary="Store the next revision of a data profile",
    response_model=DataProfileObject,
    openapi_extra=_body_of_document(),
)
async def replace_data_profile(request: Request, data_profile_id: str) -> Response:
    """Under the same id; security profiles that refer to it mean this revision from now on, within a second on every worker. What was
    imported stays with the patterns that keep name and type."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.UPDATE)
    body = await read_document(request, DataProfileBody)
    by = body.updated_by or operator.subject
    return OrjsonResponse(data_profile_object(await _service(request).replace(operator, data_profile_id, body.document(), by=by)))


@router.delete("/dataprofile/{data_profile_id}", summary="Delete a data profile")
async def delete_data_profile(request: Request, data_profile_id: str) -> str:
    """A 409 with the revisions of security profiles that refer to it, where there are any."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.DELETE)
    return _deleted(await _service(request).remove(operator, data_profile_id))


@router.delete("/dataprofile/{data_profile_id}/force", summary="Delete a data profile, whatever refers to it")
async def force_delete_data_profile(request: Request, data_profile_id: str, updated_by: UpdatedBy = None) -> str:
    """Scans under profiles that still name it are then refused with a 400."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.DELETE)
    by = required(updated_by, "updated_by")
    return _deleted(await _service(request).remove(operator, data_profile_id, forced_by=by))


def _deleted(profile: DataProfile) -> str:
    return f"successfully deleted dataProfileId: {profile.stored.data_profile_id}"


@router.put(
    "/dataprofile/{data_profile_id}/values",
    summary="Import the values of exact data",
    response_model=ImportObject,
    openapi_extra=body_of(ValuesBody),
)
async def import_values(request: Request, data_profile_id: str) -> Response:
    """Makes the next revision. Columns above the size of a request are sent in several, all but the first with `append`."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.UPDATE)
    body = await read_document(request, ValuesBody)
    result = await _service(request).import_values(
        operator,
        data_profile_id,
        body.column_values(),
        by=body.updated_by or operator.subject,
        pattern=body.pattern,
        append=body.append,
    )
    return OrjsonResponse(import_object(result))


@router.put(
    "/dataprofile/{data_profile_id}/fingerprint",
    summary="Import a document as a fingerprint",
    response_model=ImportObject,
    openapi_extra=body_of(DocumentBody),
)
async def import_document(request: Request, data_profile_id: str) -> Response:
    """Makes the next revision."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.UPDATE)
    body = await read_document(request, DocumentBody)
    by = body.updated_by or operator.subject
    result = await _service(request).import_document(operator, data_profile_id, body.name, body.text, by=by, pattern=body.pattern)
    return OrjsonResponse(import_object(result))


@router.delete(
    "/dataprofile/{data_profile_id}/import",
    summary="Forget values or a document",
    response_model=DataProfileObject,
)
async def delete_import(
    request: Request,
    data_profile_id: str,
    pattern: Annotated[str | None, Query(max_length=NAME_MAX, description="The pattern's name.")] = None,
    name: Annotated[str, Query(max_length=NAME_MAX, description="The document's name; empty for values.")] = "",
) -> Response:
    """Makes the next revision."""
    operator = await permitted(request, Entity.DLP_PROFILES, Verb.UPDATE)
    changed = await _service(request).remove_import(
        operator, data_profile_id, required(pattern, "pattern"), name, by=operator.subject
    )
    return OrjsonResponse(data_profile_object(changed))


def import_object(result: ImportResult) -> dict[str, Any]:
    """What an import answers with."""
    stored = result.data_profile.stored
    return {
        "data_profile_id": stored.data_profile_id,
        "revision": stored.revision,
        "pattern": result.pattern,
        "size": result.size,
        "skipped": result.skipped,
    }
