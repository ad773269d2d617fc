"""Tenants' own data profiles: what may be stored, their changes, and compiled ones for plans.

An update makes the next revision under the same id, and so does an import. Values and documents are hashed under the tenant's key before
they get anywhere near the database.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.sensitive_data.catalog import load_catalog
from scangate.detectors.sensitive_data.data_profiles import find_profile
from scangate.detectors.sensitive_data.detector import CATALOG
from scangate.detectors.sensitive_data.own.definition import (
    NAME_MAX,
    DataProfileDocument,
    ExactDataPattern,
    FingerprintPattern,
    dump_document,
    parse_document,
)
from scangate.detectors.sensitive_data.own.exact_data import VALUES_MAX, ValueSet, hash_values
from scangate.detectors.sensitive_data.own.fingerprints import Fingerprint, fingerprint
from scangate.detectors.sensitive_data.own.keyed import KEY_BYTES
from scangate.detectors.sensitive_data.own.profile import Imported, OwnDataProfile
from scangate.domain.ids import is_uuid, new_id
from scangate.domain.moments import timestamp
from scangate.domain.profile import DlpMember, ProfilePolicy
from scangate.errors import ConflictError, NotFoundError, RequestInvalidError
from scangate.identity import audit
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles import data_profile_repository as repository
from scangate.profiles import own_profiles
from scangate.profiles.changes import FORCED
from scangate.profiles.data_profile_repository import ImportSummary, StoredDataProfile, StoredImport
from scangate.profiles.own_profiles import NO_OWN_PROFILES, OwnProfiles
from scangate.profiles.texts import checked_text

VALUES: Final = "values"
DOCUMENT: Final = "document"
DOCUMENTS_MAX: Final = 100
"""Fingerprints of one pattern."""
DATA_PROFILES_MAX: Final = 1000
"""Of one tenant."""
_REFERRERS: Final = 1000
_COMPILED: Final = 64
"""Compiled data profiles that a process keeps; one with a column of 100,000 values has 0.8 MB."""


@dataclass(frozen=True, slots=True)
class DataProfile:
    """A data profile with what was imported for it."""

    stored: StoredDataProfile
    imported: tuple[ImportSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`size`: values that are stored now, or words of the document. `skipped`: values that were left out."""

    data_profile: DataProfile
    pattern: str
    size: int
    skipped: int = 0


def data_profile_object(profile: DataProfile) -> dict[str, Any]:
    """The data profile object of the management API."""
    stored = profile.stored
    return {
        "data_profile_id": stored.data_profile_id,
        "data_profile_name": stored.data_profile_name,
        "tsg_id": stored.tsg_id,
        "revision": stored.revision,
        "type": "custom",
        **{name: value for name, value in stored.document.items() if name != "data_profile_name"},
        "imported": [
            {
                "pattern": each.pattern,
                "name": each.name,
                "kind": each.kind,
                "size": each.size,
                "updated_by": each.updated_by,
                "updated_ts": timestamp(each.updated_at),
            }
            for each in profile.imported
        ],
        "created_by": stored.created_by,
        "updated_by": stored.updated_by,
        "created_ts": timestamp(stored.created_at),
        "last_modified_ts": timestamp(stored.last_modified_at),
    }


class DataProfiles:
    """The own data profiles of every tenant; each method works on those of one."""

    def __init__(self, database: Database, resources: Resources, *, on_change: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._resources = resources
        self._on_change = on_change
        self._compiled: OrderedDict[tuple[str, int], OwnDataProfile] = OrderedDict()

    async def page(self, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[DataProfile]:
        """By name."""
        async with self._database.read(one_state=True) as connection:
            found = await repository.list_page(connection, tsg_id, offset=offset, limit=limit)
            return await _with_imports(connection, tsg_id, found)

    async def find(self, tsg_id: str, name_or_id: str) -> DataProfile:
        """
        Raises:
            NotFoundError: this tenant has no such data profile of its own.
        """
        async with self._database.read(one_state=True) as connection:
            found = await repository.find(connection, tsg_id, name_or_id.lower()) or await repository.find_by_name(
                connection, tsg_id, name_or_id
            )
            if found is None:
                raise NotFoundError(f"no data profile {name_or_id!r}")
            return (await _with_imports(connection, tsg_id, [found]))[0]

    async def check(self, document: object) -> DataProfileDocument:
        """A document that may be stored; the loop goes on while its expressions are compiled.

        Raises:
            RequestInvalidError: with the path to the fault.
            ConflictError: it has the name of a predefined data profile.
        """

        def checked() -> DataProfileDocument:
            catalog = self._resources.shared(CATALOG, load_catalog)
            parsed = parse_document(document, frozenset(compiled.rule.name for compiled in catalog.rules))
            try:
                checked_text(parsed.data_profile_name, NAME_MAX, single_line=True)
            except ValueError as error:
                raise RequestInvalidError(f"data_profile_name: {error}") from None
            predefined = find_profile(DlpMember(text=parsed.data_profile_name))
            if predefined is not None:
                raise ConflictError(
                    f"{parsed.data_profile_name!r} means the predefined data profile {predefined.name!r}",
                    payload=[{"data_profile_name": predefined.name, "type": "predefined"}],
                )
            return parsed

        return await asyncio.to_thread(checked)

    async def create(self, operator: Operator, document: object, *, by: str) -> DataProfile:
        """
        Raises:
            ConflictError: the name is taken; nothing was stored.
            RequestInvalidError: as `check` says, or the tenant has too many.
        """
        checked = await self.check(document)
        async with self._database.write() as connection:
            await _check_name(connection, operator.tsg_id, checked.data_profile_name, None)
            created = await _create(connection, operator, checked, by)
        return self._changed(created)

    async def replace(self, operator: Operator, data_profile_id: str, document: object, *, by: str) -> DataProfile:
        """The next revision; security profiles that refer to it mean this one from now on. What was imported stays with the patterns that
        are still there under the same name and type.

        Raises:
            NotFoundError: this tenant has no such data profile.
            ConflictError, RequestInvalidError: as above.
        """
        checked = await self.check(document)
        async with self._database.write() as connection:
            current = await _existing(connection, operator.tsg_id, data_profile_id)
            await _check_name(connection, operator.tsg_id, checked.data_profile_name, current.data_profile_id)
            replaced = await _replace(connection, operator, current, checked, by)
        return self._changed(replaced)

    async def apply(self, operator: Operator, document: object, *, by: str) -> DataProfile:
        """The next revision of the document's name, or its first one; see above for what it raises."""
        checked = await self.check(document)
        async with self._database.write() as connection:
            current = await repository.find_by_name(connection, operator.tsg_id, checked.data_profile_name)
            if current is None:
                applied = await _create(connection, operator, checked, by)
            else:
                applied = await _replace(connection, operator, current, checked, by)
        return self._changed(applied)

    async def remove(self, operator: Operator, data_profile_id: str, *, forced_by: str | None = None) -> DataProfile:
        """`forced_by`: delete whatever refers to it, and who asks. Scans under profiles that still name it are refused.

        Raises:
            NotFoundError: this tenant has no such data profile.
            ConflictError: revisions of security profiles refer to it; says which.
        """
        async with self._database.write() as connection:
            current = await _existing(connection, operator.tsg_id, data_profile_id)
            if forced_by is None:
                await _check_referrers(connection, current)
            [before] = await _with_imports(connection, operator.tsg_id, [current])
            await repository.delete_profile(connection, operator.tsg_id, current.data_profile_id)
            verb = Verb.DELETE if forced_by is None else FORCED
            after = {"updated_by": forced_by} if forced_by else None
            await _record(connection, operator, verb, current, before=data_profile_object(before), after=after)
        return self._changed(before)

    async def import_values(
        self,
        operator: Operator,
        data_profile_id: str,
        values: Iterable[str],
        *,
        by: str,
        pattern: str | None = None,
        append: bool = False,
    ) -> ImportResult:
        """Hash a column for a pattern of exact data, in place of the one that it has or in addition to it.

        Args:
            pattern: its name; may be left out where the data profile has one of that type.

        Raises:
            NotFoundError: this tenant has no such data profile.
            RequestInvalidError: it has no such pattern, no value may be stored, or there are too many; nothing is stored.
        """
        key = await self._key(operator.tsg_id)
        try:
            hashed, skipped = await asyncio.to_thread(hash_values, values, key)
        except ValueError as error:
            raise RequestInvalidError(f"values: {error}") from None
        async with self._database.write() as connection:
            current = await _existing(connection, operator.tsg_id, data_profile_id)
            name = _pattern_of(current, ExactDataPattern, "exact_data", pattern)
            if append:
                before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, name, "")
                hashed = _values_of(before).merged(hashed) if before else hashed
                if hashed.count > VALUES_MAX:
                    raise RequestInvalidError(f"values: at most {VALUES_MAX} in a column")
            shape = {"word_counts": list(hashed.word_counts), "number_lengths": list(hashed.number_lengths)}
            stored = StoredImport(name, "", VALUES, hashed.count, shape, hashed.hashes, hashed.heads)
            changed = await _imported(connection, operator, current, stored, by)
        return ImportResult(self._changed(changed), name, hashed.count, skipped)

    async def import_document(
        self, operator: Operator, data_profile_id: str, name: str, text: str, *, by: str, pattern: str | None = None
    ) -> ImportResult:
        """Fingerprint a text for a pattern of that type, in place of the one with that name.

        Raises:
            NotFoundError, RequestInvalidError: as above.
        """
        try:
            checked_text(name, NAME_MAX, single_line=True)
        except ValueError as error:
            raise RequestInvalidError(f"name: {error}") from None
        key = await self._key(operator.tsg_id)
        try:
            print_ = await asyncio.to_thread(fingerprint, text, key)
        except ValueError as error:
            raise RequestInvalidError(f"text: {error}") from None
        async with self._database.write() as connection:
            current = await _existing(connection, operator.tsg_id, data_profile_id)
            named = _pattern_of(current, FingerprintPattern, "fingerprint", pattern)
            summaries = await repository.summaries(connection, operator.tsg_id, [current.data_profile_id])
            others = {each.name for each in summaries if each.pattern == named} - {name}
            if len(others) >= DOCUMENTS_MAX:
                raise RequestInvalidError(f"at most {DOCUMENTS_MAX} documents for a pattern")
            stored = StoredImport(named, name, DOCUMENT, print_.words, {}, print_.hashes, b"")
            changed = await _imported(connection, operator, current, stored, by)
        return ImportResult(self._changed(changed), named, print_.words)

    async def remove_import(self, operator: Operator, data_profile_id: str, pattern: str, name: str, *, by: str) -> DataProfile:
        """Forget a pattern's values (`name` is "") or one of its documents.

        Raises:
            NotFoundError: this tenant has no such data profile, or nothing was imported under these names.
        """
        async with self._database.write() as connection:
            current = await _existing(connection, operator.tsg_id, data_profile_id)
            before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, pattern, name)
            if before is None:
                raise NotFoundError("nothing was imported for that pattern under that name")
            await repository.delete_import(connection, current.data_profile_id, pattern, name)
            following = await _next(connection, current, by)
            await _record(
                connection,
                operator,
                Verb.DELETE,
                current,
                before=_audited_import(current, before),
                after={"revision": following.revision},
            )
            [changed] = await _with_imports(connection, operator.tsg_id, [following])
        return self._changed(changed)

    async def referred_to(self, tsg_id: str, policy: ProfilePolicy) -> OwnProfiles:
        """The tenant's own data profiles that a policy means, compiled. Those that are not there are left out."""
        ids, names = own_profiles.wanted(policy)
        if not ids and not names:
            return NO_OWN_PROFILES
        found: list[OwnDataProfile] = []
        missing: list[tuple[StoredDataProfile, list[StoredImport]]] = []
        key: bytes | None = None
        async with self._database.read(one_state=True) as connection:
            for stored in await repository.find_some(connection, tsg_id, ids, names):
                kept = self._compiled.get((stored.data_profile_id, stored.revision))
                if kept is not None:
                    found.append(kept)
                else:
                    missing.append((stored, await repository.imports(connection, tsg_id, stored.data_profile_id)))
            if missing:
                key = await repository.find_key(connection, tsg_id)
        for stored, imports in missing:
            own = await asyncio.to_thread(_compile, stored, imports, key or bytes(KEY_BYTES))
            self._compiled[stored.data_profile_id, stored.revision] = own
            while len(self._compiled) > _COMPILED:
                self._compiled.popitem(last=False)
            found.append(own)
        return own_profiles.index(found)

    async def _key(self, tsg_id: str) -> bytes:
        """The tenant's key, made when it is first needed."""
        async with self._database.read() as connection:
            key = await repository.find_key(connection, tsg_id)
        if key is not None:
            return key
        async with self._database.write() as connection:
            key = await repository.find_key(connection, tsg_id)
            if key is None:
                key = secrets.token_bytes(KEY_BYTES)
                await repository.insert_key(connection, tsg_id, key, datetime.now(UTC))
        return key

    def _changed(self, profile: DataProfile) -> DataProfile:
        """From here on this process answers by what was committed."""
        self._on_change()
        return profile


def _compile(stored: StoredDataProfile, imports: list[StoredImport], key: bytes) -> OwnDataProfile:
    documents: dict[str, dict[str, Fingerprint]] = {}
    for each in imports:
        if each.kind == DOCUMENT:
            documents.setdefault(each.pattern, {})[each.name] = Fingerprint(each.size, each.hashes)
    values = {each.pattern: _values_of(each) for each in imports if each.kind == VALUES}
    return OwnDataProfile(
        DataProfileDocument.model_validate(stored.document),
        Imported(key, values, documents),
        data_profile_id=stored.data_profile_id,
        revision=stored.revision,
    )


def _values_of(stored: StoredImport) -> ValueSet:
    return ValueSet(
        stored.size, stored.hashes, stored.heads, tuple(stored.shape["word_counts"]), tuple(stored.shape["number_lengths"])
    )


async def _with_imports(connection: AsyncConnection, tsg_id: str, found: list[StoredDataProfile]) -> list[DataProfile]:
    summaries = await repository.summaries(connection, tsg_id, [each.data_profile_id for each in found]) if found else []
    return [
        DataProfile(each, tuple(summary for summary in summaries if summary.data_profile_id == each.data_profile_id))
        for each in found
    ]


async def _create(connection: AsyncConnection, operator: Operator, document: DataProfileDocument, by: str) -> DataProfile:
    if len(await repository.list_page(connection, operator.tsg_id, offset=DATA_PROFILES_MAX - 1, limit=1)):
        raise RequestInvalidError(f"a tenant has at most {DATA_PROFILES_MAX} data profiles of its own")
    now = datetime.now(UTC)
    stored = StoredDataProfile(
        data_profile_id=new_id(),
        tsg_id=operator.tsg_id,
        data_profile_name=document.data_profile_name,
        revision=1,
        document=dump_document(document),
        created_by=by,
        updated_by=by,
        created_at=now,
        last_modified_at=now,
    )
    await repository.insert_profile(connection, stored)
    created = DataProfile(stored)
    await _record(connection, operator, Verb.CREATE, stored, after=data_profile_object(created))
    return created


async def _replace(
    connection: AsyncConnection, operator: Operator, current: StoredDataProfile, document: DataProfileDocument, by: str
) -> DataProfile:
    [before] = await _with_imports(connection, operator.tsg_id, [current])
    kinds = {VALUES: ExactDataPattern, DOCUMENT: FingerprintPattern}
    for each in before.imported:
        if not isinstance(document.pattern(each.pattern), kinds[each.kind]):
            await repository.delete_import(connection, current.data_profile_id, each.pattern, each.name)
    renamed = replace(current, data_profile_name=document.data_profile_name, document=dump_document(document))
    following = await _next(connection, renamed, by)
    [after] = await _with_imports(connection, operator.tsg_id, [following])
    await _record(
        connection, operator, Verb.UPDATE, current, before=data_profile_object(before), after=data_profile_object(after)
    )
    return after


async def _next(connection: AsyncConnection, changed: StoredDataProfile, by: str) -> StoredDataProfile:
    """Store the next revision."""
    following = replace(changed, revision=changed.revision + 1, updated_by=by, last_modified_at=datetime.now(UTC))
    await repository.update_profile(connection, following)
    return following


async def _imported(
    connection: AsyncConnection, operator: Operator, current: StoredDataProfile, stored: StoredImport, by: str
) -> DataProfile:
    before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, stored.pattern, stored.name)
    await repository.store_import(connection, current.data_profile_id, stored, by=by, at=datetime.now(UTC))
    following = await _next(connection, current, by)
    await _record(
        connection,
        operator,
        Verb.UPDATE,
        current,
        before=_audited_import(current, before) if before else {"revision": current.revision},
        after=_audited_import(following, stored),
    )
    [changed] = await _with_imports(connection, operator.tsg_id, [following])
    return changed


def _audited_import(profile: StoredDataProfile, stored: StoredImport) -> dict[str, Any]:
    """What the audit log keeps of an import: how much, and nothing of what."""
    return {
        "data_profile_name": profile.data_profile_name,
        "revision": profile.revision,
        "pattern": stored.pattern,
        "name": stored.name,
        "kind": stored.kind,
        "size": stored.size,
    }


async def _record(
    connection: AsyncConnection,
    operator: Operator,
    verb: Verb | str,
    profile: StoredDataProfile,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(connection, operator, verb, Entity.DLP_PROFILES, profile.data_profile_id, before=before, after=after)


async def _existing(connection: AsyncConnection, tsg_id: str, data_profile_id: str) -> StoredDataProfile:
    found = await repository.find(connection, tsg_id, data_profile_id.lower()) if is_uuid(data_profile_id) else None
    if found is None:
        raise NotFoundError("this tenant has no data profile with that id")
    return found


async def _check_name(connection: AsyncConnection, tsg_id: str, name: str, data_profile_id: str | None) -> None:
    taken = await repository.find_by_name(connection, tsg_id, name)
    if taken is not None and taken.data_profile_id != data_profile_id:
        raise ConflictError(
            f"there is a data profile {name!r}; PUT makes its next revision",
            payload=[{"data_profile_id": taken.data_profile_id, "data_profile_name": name, "revision": taken.revision}],
        )


async def _check_referrers(connection: AsyncConnection, profile: StoredDataProfile) -> None:
    found = await repository.referrers(connection, profile.tsg_id, profile.data_profile_id, limit=_REFERRERS)
    if found:
        raise ConflictError(
            f"revisions of security profiles refer to the data profile {profile.data_profile_name!r}",
            payload=[{"profile_id": id_, "profile_name": name, "revision": revision} for id_, name, revision in found],
        )


def _pattern_of(
    profile: StoredDataProfile, kind: type[ExactDataPattern | FingerprintPattern], word: str, name: str | None
) -> str:
    """The name of the pattern that is meant.

    Raises:
        RequestInvalidError: there is none of that type, or several and no name.
    """
    names = [each.name for each in DataProfileDocument.model_validate(profile.document).patterns if isinstance(each, kind)]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names or name is None:
        known = ", ".join(repr(each) for each in names) or "none"
        raise RequestInvalidError(f"pattern: name a pattern of the type {word}; there are: {known}")
    return name
