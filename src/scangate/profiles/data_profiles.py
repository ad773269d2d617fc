"""Tenants' own data profiles: what may be stored, their changes, and compiled ones for plans.

An update makes the next revision under the same id, and so does an import. Values and documents are hashed under the tenant's key before
they get anywhere near the database.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

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
    parse_document,
)
from scangate.detectors.sensitive_data.own.exact_data import VALUES_MAX, ValueSet, hash_values
from scangate.detectors.sensitive_data.own.fingerprints import Fingerprint, fingerprint
from scangate.detectors.sensitive_data.own.keyed import KEY_BYTES
from scangate.detectors.sensitive_data.own.profile import Imported, OwnDataProfile
from scangate.domain.profile import DlpMember, ProfilePolicy
from scangate.errors import ConflictError, NotFoundError, ProfileInvalidError, RequestInvalidError
from scangate.identity.permissions import Verb
from scangate.identity.principal import Operator
from scangate.profiles import data_profile_changes as changes
from scangate.profiles import data_profile_repository as repository
from scangate.profiles import own_profiles, topic_repository
from scangate.profiles.changes import FORCED
from scangate.profiles.data_profile_changes import DOCUMENT, VALUES, DataProfile, data_profile_object
from scangate.profiles.data_profile_repository import StoredDataProfile, StoredImport, StoredKey
from scangate.profiles.own_profiles import NO_OWN_PROFILES, OwnProfiles
from scangate.profiles.pepper import Pepper
from scangate.profiles.texts import checked_text
from scangate.profiles.topic_repository import Topic

DOCUMENTS_MAX: Final = 100
"""Fingerprints of one pattern."""
_COMPILED: Final = 64
"""Compiled data profiles that a process keeps; one with a column of 100,000 values has 0.8 MB."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`size`: values that are stored now, or words of the document. `skipped`: values that were left out."""

    data_profile: DataProfile
    pattern: str
    size: int
    skipped: int = 0


class DataProfiles:
    """The own data profiles of every tenant; each method works on those of one."""

    def __init__(
        self, database: Database, resources: Resources, pepper: Pepper, *, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._resources = resources
        self._pepper = pepper
        self._on_change = on_change
        self._compiled: OrderedDict[tuple[str, int], OwnDataProfile] = OrderedDict()

    async def page(self, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[DataProfile]:
        """By name."""
        async with self._database.read(one_state=True) as connection:
            found = await repository.list_page(connection, tsg_id, offset=offset, limit=limit)
            return await changes.with_imports(connection, tsg_id, found)

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
            return (await changes.with_imports(connection, tsg_id, [found]))[0]

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
            await changes.check_name(connection, operator.tsg_id, checked.data_profile_name, None)
            created = await changes.create(connection, operator, checked, by)
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
            current = await changes.existing(connection, operator.tsg_id, data_profile_id)
            await changes.check_name(connection, operator.tsg_id, checked.data_profile_name, current.data_profile_id)
            replaced = await changes.replace(connection, operator, current, checked, by)
        return self._changed(replaced)

    async def apply(self, operator: Operator, document: object, *, by: str) -> DataProfile:
        """The next revision of the document's name, or its first one; see above for what it raises."""
        checked = await self.check(document)
        async with self._database.write() as connection:
            current = await repository.find_by_name(connection, operator.tsg_id, checked.data_profile_name)
            if current is None:
                applied = await changes.create(connection, operator, checked, by)
            else:
                applied = await changes.replace(connection, operator, current, checked, by)
        return self._changed(applied)

    async def remove(self, operator: Operator, data_profile_id: str, *, forced_by: str | None = None) -> DataProfile:
        """`forced_by`: delete whatever refers to it, and who asks. Scans under profiles that still name it are refused.

        Raises:
            NotFoundError: this tenant has no such data profile.
            ConflictError: revisions of security profiles refer to it; says which.
        """
        async with self._database.write() as connection:
            current = await changes.existing(connection, operator.tsg_id, data_profile_id)
            if forced_by is None:
                await changes.check_referrers(connection, current)
            [before] = await changes.with_imports(connection, operator.tsg_id, [current])
            await repository.delete_profile(connection, operator.tsg_id, current.data_profile_id)
            verb = Verb.DELETE if forced_by is None else FORCED
            after = {"updated_by": forced_by} if forced_by else None
            await changes.record(connection, operator, verb, current, before=data_profile_object(before), after=after)
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
            current = await changes.existing(connection, operator.tsg_id, data_profile_id)
            name = changes.pattern_of(current, ExactDataPattern, "exact_data", pattern)
            if append:
                before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, name, "")
                hashed = _values_of(before).merged(hashed) if before else hashed
                if hashed.count > VALUES_MAX:
                    raise RequestInvalidError(f"values: at most {VALUES_MAX} in a column")
            shape = {"word_counts": list(hashed.word_counts), "number_lengths": list(hashed.number_lengths)}
            stored = StoredImport(name, "", VALUES, hashed.count, shape, hashed.hashes, hashed.heads)
            changed = await changes.store_import(connection, operator, current, stored, by)
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
            current = await changes.existing(connection, operator.tsg_id, data_profile_id)
            named = changes.pattern_of(current, FingerprintPattern, "fingerprint", pattern)
            summaries = await repository.summaries(connection, operator.tsg_id, [current.data_profile_id])
            others = {each.name for each in summaries if each.pattern == named} - {name}
            if len(others) >= DOCUMENTS_MAX:
                raise RequestInvalidError(f"at most {DOCUMENTS_MAX} documents for a pattern")
            stored = StoredImport(named, name, DOCUMENT, print_.words, {}, print_.hashes, b"")
            changed = await changes.store_import(connection, operator, current, stored, by)
        return ImportResult(self._changed(changed), named, print_.words)

    async def remove_import(self, operator: Operator, data_profile_id: str, pattern: str, name: str, *, by: str) -> DataProfile:
        """Forget a pattern's values (`name` is "") or one of its documents.

        Raises:
            NotFoundError: this tenant has no such data profile, or nothing was imported under these names.
        """
        async with self._database.write() as connection:
            current = await changes.existing(connection, operator.tsg_id, data_profile_id)
            before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, pattern, name)
            if before is None:
                raise NotFoundError("nothing was imported for that pattern under that name")
            await repository.delete_import(connection, current.data_profile_id, pattern, name)
            following = await changes.store_next(connection, current, by)
            await changes.record(
                connection,
                operator,
                Verb.DELETE,
                current,
                before=changes.audited_import(current, before),
                after={"revision": following.revision},
            )
            [changed] = await changes.with_imports(connection, operator.tsg_id, [following])
        return self._changed(changed)

    async def renew_key(self, operator: Operator, *, by: str) -> list[DataProfile]:
        """Forget everything that was imported for the tenant and begin with a new key, under the pepper of now. The data profiles that
        had imports, each at its next revision: import again what they need.
        """
        self._pepper.ensure()
        changed: list[DataProfile] = []
        async with self._database.write() as connection:
            await repository.store_key(connection, operator.tsg_id, self._new_key(), datetime.now(UTC))
            for current in await repository.list_page(connection, operator.tsg_id, offset=0, limit=None):
                imported = await repository.summaries(connection, operator.tsg_id, [current.data_profile_id])
                if not imported:
                    continue
                for each in imported:
                    await repository.delete_import(connection, current.data_profile_id, each.pattern, each.name)
                following = await changes.store_next(connection, current, by)
                forgotten = [{"pattern": each.pattern, "name": each.name, "size": each.size} for each in imported]
                after = {"revision": following.revision, "key": "renewed", "forgotten": forgotten}
                await changes.record(connection, operator, Verb.UPDATE, current, after=after)
                changed += await changes.with_imports(connection, operator.tsg_id, [following])
        self._on_change()
        return changed

    async def referred_to(self, tsg_id: str, policy: ProfilePolicy) -> OwnProfiles:
        """The tenant's own data profiles that a policy means, compiled, and its topics. Those that are not there are left out."""
        ids, names = own_profiles.wanted(policy)
        topic_ids, topic_names = own_profiles.wanted_topics(policy)
        if not (ids or names or topic_ids or topic_names):
            return NO_OWN_PROFILES
        topics: list[Topic] = []
        found: list[OwnDataProfile] = []
        missing: list[tuple[StoredDataProfile, list[StoredImport]]] = []
        stored_key: StoredKey | None = None
        async with self._database.read(one_state=True) as connection:
            for stored in await repository.find_some(connection, tsg_id, ids, names):
                kept = self._compiled.get((stored.data_profile_id, stored.revision))
                if kept is not None:
                    found.append(kept)
                else:
                    missing.append((stored, await repository.imports(connection, tsg_id, stored.data_profile_id)))
            if missing:
                stored_key = await repository.find_key(connection, tsg_id)
            if topic_ids or topic_names:
                topics = await topic_repository.find_some(connection, tsg_id, topic_ids, topic_names)
        for stored, imports in missing:
            key = self._peppered(stored_key) if imports and stored_key else bytes(KEY_BYTES)
            own = await asyncio.to_thread(_compile, stored, imports, key)
            self._compiled[stored.data_profile_id, stored.revision] = own
            while len(self._compiled) > _COMPILED:
                self._compiled.popitem(last=False)
            found.append(own)
        return own_profiles.index(found, topics)

    async def _key(self, tsg_id: str) -> bytes:
        """The tenant's key, made when it is first needed."""
        async with self._database.read() as connection:
            stored = await repository.find_key(connection, tsg_id)
        if stored is None:
            self._pepper.ensure()
            async with self._database.write() as connection:
                stored = await repository.find_key(connection, tsg_id)
                if stored is None:
                    stored = self._new_key()
                    await repository.store_key(connection, tsg_id, stored, datetime.now(UTC))
        return self._peppered(stored)

    def _new_key(self) -> StoredKey:
        return StoredKey(secrets.token_bytes(KEY_BYTES), self._pepper.id)

    def _peppered(self, stored: StoredKey) -> bytes:
        """What hashes are made with. A key from before there was a pepper stands for itself until it is renewed.

        Raises:
            ProfileInvalidError: it belongs to another pepper: nobody can look for what the hashes stand for.
        """
        if not stored.pepper_id:
            return stored.hash_key
        if stored.pepper_id != self._pepper.id:
            raise ProfileInvalidError(
                "imports of data profiles were hashed under another pepper than this server's: restore that one, or renew the key "
                "and import again"
            )
        return self._pepper.key(stored.hash_key)

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
