"""Data profiles of one's own for scans without a server: from files, or from the data directory of a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scangate.cli.installation import on_configured
from scangate.cli.profiles import read_document
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.sensitive_data.catalog import load_catalog
from scangate.detectors.sensitive_data.detector import CATALOG
from scangate.detectors.sensitive_data.own.definition import ExactDataPattern, FingerprintPattern, parse_document
from scangate.detectors.sensitive_data.own.keyed import KEY_BYTES
from scangate.detectors.sensitive_data.own.profile import Imported, OwnDataProfile
from scangate.domain.ids import new_id
from scangate.domain.profile import parse_policy
from scangate.errors import RequestInvalidError
from scangate.profiles.data_profiles import DataProfiles
from scangate.profiles.own_profiles import OwnProfiles, index
from scangate.profiles.pepper import pepper_of
from scangate.settings import Settings


def from_files(files: Sequence[Path], resources: Resources) -> OwnProfiles:
    """The data profiles that files of documents describe, compiled.

    Raises:
        RequestInvalidError: with the file and the path to the fault; or a pattern needs what only an import on a server gives.
    """
    catalog = resources.shared(CATALOG, load_catalog)
    known = frozenset(compiled.rule.name for compiled in catalog.rules)
    found: dict[str, OwnDataProfile] = {}
    for file in files:
        try:
            document = parse_document(read_document(file), known)
        except RequestInvalidError as error:
            raise RequestInvalidError(f"{str(file)!r}: {error.message}") from None
        if any(isinstance(pattern, (ExactDataPattern, FingerprintPattern)) for pattern in document.patterns):
            raise RequestInvalidError(
                f"{str(file)!r}: exact data and fingerprints are imported on a server: name its directory with --data-dir"
            )
        if document.data_profile_name in found:
            raise RequestInvalidError(f"two files describe the data profile {document.data_profile_name!r}")
        own = OwnDataProfile(document, Imported(bytes(KEY_BYTES)), data_profile_id=new_id(), revision=1)
        found[document.data_profile_name] = own
    return index(list(found.values()))


def of_server(data_dir: Path, tenant: str | None, document: dict[str, Any], resources: Resources) -> OwnProfiles:
    """Those of a server's tenant that a profile document refers to, with what was imported for them.

    Raises:
        ConfigurationError, RequestInvalidError: there is no sound installation there, or no such tenant.
    """
    policy = parse_policy(document.get("policy") or {})

    async def work(database: Database, settings: Settings, tsg_id: str) -> OwnProfiles:
        return await DataProfiles(database, resources, pepper_of(settings)).referred_to(tsg_id, policy)

    return on_configured(data_dir, work, tenant=tenant)


def with_members(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A profile document in which everything that looks for sensitive data also looks for these data profiles."""
    return {**document, "policy": _with(document.get("policy"), names)} if names else document


def _with(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_with(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    copied = {key: _with(each, names) for key, each in value.items()}
    leak = copied.get("data-leak-detection")
    if isinstance(leak, dict) and leak.get("action"):
        members = leak.get("member") or []
        named = {member.get("text") for member in members if isinstance(member, dict)}
        copied["data-leak-detection"] = {**leak, "member": [*members, *({"text": name} for name in names if name not in named)]}
    return copied
