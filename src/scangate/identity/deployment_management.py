"""Management routes of what is only listed: deployment profiles, and the data profiles that the detector of sensitive data knows."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from scangate.detectors.sensitive_data.data_profiles import DataProfile, predefined_profiles
from scangate.identity import deployments
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.schemas import (
    ArrayDlpProfileObject,
    DeploymentProfileEntryObject,
    DeploymentProfilesObject,
    DLPDataProfileObject,
)
from scangate.identity.service import Identity

router = APIRouter()

_DATA_PROFILES: Final = uuid.UUID("6f0c7c5e-6c1b-5c0e-9b0b-2f1f5c0d7a11")
"""Namespace of the ids of data profiles (RFC 9562 version 5): one profile has the same id on every server."""


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


@router.get("/dlpprofiles", summary="List data profiles", tags=["Data profiles"])
async def list_dlp_profiles(request: Request) -> ArrayDlpProfileObject:
    """What `data-leak-detection.member` of a security profile may name."""
    await permitted(request, Entity.DLP_PROFILES, Verb.READ)
    return ArrayDlpProfileObject(dlp_profiles=[_shown(profile) for profile in predefined_profiles()])


def _shown(profile: DataProfile) -> DLPDataProfileObject:
    return DLPDataProfileObject(
        name=profile.name,
        uuid=str(uuid.uuid5(_DATA_PROFILES, profile.name)),
        id=profile.ids[0] if profile.ids else "",
        version=str(profile.version),
        description=profile.description,
    )
