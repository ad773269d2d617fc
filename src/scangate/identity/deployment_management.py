"""Management routes of deployment profiles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from scangate.identity import deployments
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.schemas import (
    DeploymentProfileEntryObject,
    DeploymentProfilesObject,
    DeploymentProfileUpdate,
)
from scangate.identity.service import Identity
from scangate.web.documents import body_of, read_document

router = APIRouter()


@router.get(
    "/deploymentprofiles",
    summary="List deployment profiles",
    response_model=DeploymentProfilesObject,
    response_model_exclude_none=True,
    tags=["Deployment profiles"],
)
async def list_deployment_profiles(
    request: Request,
    unactivated: Annotated[bool, Query(description="Only those that no application uses, or that are switched off.")] = False,
) -> Any:
    operator = await permitted(request, Entity.DEPLOYMENT_PROFILES, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    found = await deployments.list_deployments(identity, operator.tsg_id, unactivated=unactivated)
    return DeploymentProfilesObject(deployment_profiles=[DeploymentProfileEntryObject.of(profile) for profile in found])


@router.put(
    "/deploymentprofiles/{auth_code}",
    summary="Change or switch off a deployment profile",
    response_model=DeploymentProfileEntryObject,
    response_model_exclude_none=True,
    tags=["Deployment profiles"],
    openapi_extra=body_of(DeploymentProfileUpdate),
)
async def update_deployment_profile(request: Request, auth_code: str) -> Any:
    """Keys and access tokens of one that is `inactive` or has expired are refused within a second. What lifts a limit is a 403, unless
    the server's owner lets tenants do it."""
    operator = await permitted(request, Entity.DEPLOYMENT_PROFILES, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, DeploymentProfileUpdate)
    change = deployments.DeploymentChange(
        name=wanted.dp_name,
        active=None if wanted.status is None else wanted.status == "active",
        monthly_tokens=_limit(wanted, "monthly_tokens"),
        expires_at=_limit(wanted, "expiration_date"),
    )
    return DeploymentProfileEntryObject.of(await deployments.change_deployment(identity, operator, auth_code, change))


def _limit(wanted: DeploymentProfileUpdate, field: str) -> Any:
    """Absent stays; null takes the limit away."""
    value = getattr(wanted, field)
    return deployments.NO_LIMIT if value is None and field in wanted.model_fields_set else value
