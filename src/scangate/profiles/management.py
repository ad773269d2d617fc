"""Management routes of security profiles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from scangate.domain.profile import PROFILE_NAME_MAX
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles.documents import profile_object
from scangate.profiles.service import Profiles
from scangate.web.documents import body_of, read_document, required
from scangate.web.management import Limit, Offset, page
from scangate.web.responses import OrjsonResponse

router = APIRouter(tags=["Security profiles"])

ACTOR_MAX = 100
Actor = Annotated[str | None, Field(max_length=ACTOR_MAX, description="Who does it; by default the client of the token.")]
Latest = Annotated[bool, Query(description="The newest revision of every profile only.")]
UpdatedBy = Annotated[str | None, Query(max_length=ACTOR_MAX, description="Who does it.")]


class ProfileBody(BaseModel):
    """What a client says of a profile. Ids, revision and dates that it sends along are the server's to say."""

    model_config = ConfigDict(title="AIProfileBody", strict=True)

    profile_name: str = Field(description=f"1 to {PROFILE_NAME_MAX} bytes in UTF-8.")
    policy: dict[str, Any] = Field(description="See the page on profile documents.")
    active: bool | None = None
    created_by: Actor = None
    updated_by: Actor = None

    def document(self) -> dict[str, Any]:
        return {"profile_name": self.profile_name, "policy": self.policy, "active": self.active}


class AIProfileObject(BaseModel):
    """One revision of a profile."""

    profile_id: str
    profile_name: str
    tsg_id: str
    revision: int
    active: bool
    policy: dict[str, Any]
    created_by: str
    updated_by: str
    last_modified_ts: str


class ProfilePage(BaseModel):
    """`next_offset` is 0 on the last page."""

    ai_profiles: list[AIProfileObject]
    next_offset: int


@router.post("/profile", summary="Create a profile", response_model=AIProfileObject, openapi_extra=body_of(ProfileBody))
async def create_profile(request: Request) -> Response:
    """Store the first revision of a new name. A name that is taken is a 409, and then nothing was stored."""
    operator = await permitted(request, Entity.PROFILES, Verb.CREATE)
    body = await read_document(request, ProfileBody)
    profiles: Profiles = request.app.state.runtime.profiles
    by = body.created_by or operator.subject
    return OrjsonResponse(profile_object(await profiles.create(operator, body.document(), by=by)))


@router.get("/profiles", summary="List profiles", response_model=ProfilePage)
async def list_profiles(request: Request, offset: Offset = 0, limit: Limit = 100, latest: Latest = False) -> Response:
    """All revisions by name and revision, or the newest of every name."""
    operator = await permitted(request, Entity.PROFILES, Verb.READ)
    return await _page(request, operator, offset, limit, latest)


@router.get("/profiles/tsg/{tsg_id}", summary="List profiles of a tenant", response_model=ProfilePage)
async def list_profiles_of_tenant(
    request: Request, tsg_id: str, offset: Offset = 0, limit: Limit = 100, latest: Latest = False
) -> Response:
    """The same list; the tenant must be the caller's."""
    operator = await permitted(request, Entity.PROFILES, Verb.READ, tsg_id=tsg_id)
    return await _page(request, operator, offset, limit, latest)


async def _page(request: Request, operator: Operator, offset: int, limit: int, latest: bool) -> Response:
    profiles: Profiles = request.app.state.runtime.profiles
    found = await profiles.page(operator.tsg_id, offset=offset, limit=limit + 1, latest=latest)
    shown, following = page(found, offset, limit)
    return OrjsonResponse({"ai_profiles": [profile_object(listing) for listing in shown], "next_offset": following})


@router.put(
    "/profile/uuid/{profile_id}",
    summary="Store the next revision of a profile",
    response_model=AIProfileObject,
    openapi_extra=body_of(ProfileBody),
)
async def replace_profile(request: Request, profile_id: str) -> Response:
    """The whole document is replaced: what it leaves out is off. The answer has the new revision's own id; the old id goes on
    meaning the old revision. Under a new name a history of its own begins at revision 1."""
    operator = await permitted(request, Entity.PROFILES, Verb.UPDATE)
    body = await read_document(request, ProfileBody)
    profiles: Profiles = request.app.state.runtime.profiles
    by = body.updated_by or operator.subject
    return OrjsonResponse(profile_object(await profiles.replace(operator, profile_id, body.document(), by=by)))


@router.delete("/profile/{profile_id}", summary="Delete a revision of a profile")
async def delete_profile(request: Request, profile_id: str) -> str:
    """A 409 with what is in the way where it is the last revision of its name and applications scan with that profile."""
    operator = await permitted(request, Entity.PROFILES, Verb.DELETE)
    profiles: Profiles = request.app.state.runtime.profiles
    removed = await profiles.remove(operator, profile_id)
    return f"successfully deleted profileId: {removed.profile_id}"


@router.delete("/profile/{profile_id}/force", summary="Delete a revision of a profile, whatever refers to it")
async def force_delete_profile(request: Request, profile_id: str, updated_by: UpdatedBy = None) -> str:
    """Scans of applications that were linked to it and name no profile are then refused with a 400."""
    operator = await permitted(request, Entity.PROFILES, Verb.DELETE)
    profiles: Profiles = request.app.state.runtime.profiles
    removed = await profiles.remove(operator, profile_id, forced_by=required(updated_by, "updated_by"))
    return f"successfully deleted profileId: {removed.profile_id}"
