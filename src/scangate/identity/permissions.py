"""Roles and what they permit on the management plane: `<entity>:<verb>`, one of four verbs on each entity."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from scangate.errors import RequestInvalidError

SUPERUSER: Final = "superuser"
VIEW_ONLY: Final = "view_only_administrator"
ROLE_NAME_MAX: Final = 50


class Verb(StrEnum):
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


class Entity(StrEnum):
    """What the management plane manages; the names of the first three are those of the hosted service."""

    PROFILES = "airs_api.ai_sec_profile"
    API_KEYS = "airs_api.api_keys"
    TOPICS = "airs_api.custom_topic"
    APPLICATIONS = "airs_api.customer_app"
    DEPLOYMENT_PROFILES = "airs_api.deployment_profile"
    DLP_PROFILES = "airs_api.dlp_profile"
    ACCESS_TOKENS = "airs_api.oauth_token"
    SCAN_LOG = "airs_api.scan_log"
    DASHBOARD = "airs_api.dashboard"
    AUDIT_LOG = "airs_api.audit_log"
    ROLES = "airs_api.roles"
    SERVICE_ACCOUNTS = "airs_api.service_accounts"
    USERS = "airs_api.users"


def permission(entity: Entity, verb: Verb) -> str:
    return f"{entity}:{verb}"


EVERYTHING: Final = frozenset(permission(entity, verb) for entity in Entity for verb in Verb)
BUILT_IN: Final = {
    SUPERUSER: EVERYTHING,
    VIEW_ONLY: frozenset(permission(entity, Verb.READ) for entity in Entity),
}


def checked_permissions(names: list[str]) -> frozenset[str]:
    """
    Raises:
        RequestInvalidError: one is none that this release knows.
    """
    for name in names:
        if name not in EVERYTHING:
            raise RequestInvalidError(
                f"unknown permission {name!r}: entity and verb, as in {permission(Entity.PROFILES, Verb.READ)}"
            )
    return frozenset(names)
