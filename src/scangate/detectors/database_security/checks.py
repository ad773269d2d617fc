"""What a pattern cannot say: the second look that a rule takes at a hit. Each check confirms, corrects or refuses (None)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from scangate.detectors.database_security.context import Place
from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.statement import Effect, Operation


@dataclass(frozen=True, slots=True)
class Reached:
    """A hit: the whole statement (`text`), the part that the pattern matched (`head`), what it is held to do, and its neighbours.

    `lead` is what stands before it on its line (80 bytes at most), `behind` what follows within its value.
    """

    text: str
    head: str
    operation: Operation
    effect: Effect
    risks: tuple[str, ...]
    place: Place
    lead: str
    behind: str

    def found(self, expression: bytes) -> bool:
        return pattern(expression).search(self.text.encode("latin-1")) is not None

    def risky(self, *risks: str) -> Reached:
        return replace(self, effect=Effect.RISKY, risks=tuple(sorted({*self.risks, *risks})))

    def writes(self, operation: Operation, *risks: str) -> Reached:
        return replace(self, operation=operation, effect=Effect.WRITE, risks=tuple(sorted({*self.risks, *risks})))


_CREDENTIAL_KEY: Final = rb"\b(?:password|passwd|password_?hash|api_?key|secret_?key|private_?key|ssn|credit_?card(?:_?number)?|card_?number|cvv|user_?password)\b"


def _mongo_read(hit: Reached) -> Reached | None:
    """A find or aggregate: JavaScript in it, a stage that writes, a projection of credentials."""
    if hit.found(rb"\$where\b|\$function\b|\$accumulator\b|mapReduce"):
        return hit.risky("command")
    if hit.found(rb"[\"']?\$(?:out|merge)[\"']?\s*:"):
        return hit.writes(Operation.CREATE)
    if hit.found(rb"(?:password|passwd|ssn|credit_?card|api_?key|secret)[\"']?\s*:\s*(?:1|true)\b"):
        return hit.risky("credentials")
    return hit


def _mongo_bulk(hit: Reached) -> Reached | None:
    """bulkWrite: by the strongest operation in it."""
    if "ulk" not in hit.head:
        return hit
    if hit.found(rb"delete(?:One|Many)|delete_?(?:one|many)"):
        return hit.writes(Operation.DELETE)
    return hit.writes(Operation.UPDATE) if hit.found(rb"(?:update|replace)_?(?:one|many)") else hit


def _mongo_command(hit: Reached) -> Reached | None:
    """runCommand and adminCommand: by the command's name."""
    for operation, names in _MONGO_COMMANDS:
        if hit.found(rb"[{,]\s*[\"']?(?:" + names + rb")[\"']?\s*:"):
            return (
                hit.writes(operation)
                if operation is not Operation.READ
                else replace(hit, operation=operation, effect=Effect.PLAIN)
            )
    return hit


_MONGO_COMMANDS: Final = (
    (Operation.DELETE, rb"drop|dropDatabase|delete|dropIndexes|dropUser|dropAllUsersFromDatabase|dropRole"),
    (Operation.CREATE, rb"insert|create|createIndexes|createUser|createRole|cloneCollection"),
    (Operation.UPDATE, rb"update|findAndModify|renameCollection|shutdown|grantRolesToUser|setParameter|replSet\w+|fsync|eval|updateUser|collMod|killOp"),
    (Operation.READ, rb"find|aggregate|count|distinct|ping|dbStats|collStats|listCollections|listDatabases|serverStatus|hello|isMaster|buildInfo"),
)  # fmt: skip


def _cypher(hit: Reached) -> Reached | None:
    """The operation of a Cypher statement, by the strongest clause in it."""
    if hit.found(rb"\b(?:detach\s+)?delete\s+\w|\bdrop\s+(?:constraint|index|database)\b"):
        return hit.writes(Operation.DELETE, *(() if hit.found(rb"\bwhere\b|\{\s*\w+\s*:") else ("whole-table",)))
    if hit.found(rb"\b(?:create|merge)\s*\("):
        return hit.writes(Operation.CREATE)
    if hit.found(rb"\b(?:set|remove)\s+\w+[.:]"):
        return hit.writes(Operation.UPDATE)
    if hit.found(rb"\bload\s+csv\b|\bcall\s+(?:apoc\.(?:load|cypher|export|import|periodic)|dbms\.)"):
        return hit.risky("network")
    if hit.found(rb"\bor\s+(?:1\s*=\s*1|'\w*'\s*=\s*'\w*'|true)\b"):
        return hit.risky("tautology")
    return hit.risky("credentials") if hit.found(rb"\breturn\b[^\n]*\.(?:password|ssn|credit_?card)\b") else hit


def _cypher_create(hit: Reached) -> Reached | None:
    return _cypher(hit) or hit


_GRAPHQL_VERBS: Final = (
    (Operation.DELETE, rb"(?:delete|remove|destroy|purge|drop|clear|truncate|wipe|erase|unlink|revoke)"),
    (Operation.CREATE, rb"(?:create|add|insert|register|import|upload|new|signup|sign_?up|submit|post|send|invite|publish|generate)"),
    (Operation.UPDATE, rb"(?:update|set|edit|modify|change|upsert|patch|rename|assign|grant|promote|reset|transfer|enable|disable|approve|cancel|replace|move|merge|toggle|mark|activate|deactivate|ban|pay|refund)"),
)  # fmt: skip


def _graphql_mutation(hit: Reached) -> Reached | None:
    """The operation of a mutation, by the verb that its fields begin with."""
    for operation, verbs in _GRAPHQL_VERBS:
        if hit.found(
            rb"\{\s*(?:\w+\s*:\s*)?" + verbs + rb"(?-i:[A-Z_]\w*)?\s*[({]|\{[^{}]*\b" + verbs + rb"(?-i:[A-Z_]\w*)\s*\("
        ):
            return hit.writes(operation)
    return hit


def _graphql_query(hit: Reached) -> Reached | None:
    if hit.found(rb"__schema\b|__type\b"):
        return hit.risky("catalog")
    return hit.risky("credentials") if hit.found(_CREDENTIAL_KEY) else hit


def _tautology(hit: Reached) -> Reached | None:
    """Two constants compared: equal, or truly ordered; what stands behind must not be the rest of a sentence."""
    match = pattern(
        rb"(?:\bor\b|\band\b|\|\||&&|\bhaving\b|\bwhere\b)[\s+(]*(?:not\s+)?[\"'(]*([\w.%*/]*)[\"')]*\s*(=|<=?|>=?|<>|!=|\blike\b|\bis\b)\s*[\"'(]*([\w.%*/]*)"
    ).search(hit.text.encode("latin-1"))
    if match is None or not _is_terminated(hit):
        return None
    left, right = match.group(1).lower(), match.group(3).lower()
    if not left and not right and match.group(2).strip().lower() not in (b"=", b"like"):
        return None
    is_word = left.isalpha() and right.isalpha()
    if left == right and (not is_word or len(left) <= 8):
        return hit
    return hit if left.isdigit() and right.isdigit() else None


def _is_terminated(hit: Reached) -> bool:
    behind = hit.behind.lstrip(" +\t)'\"")
    return not behind or behind[0] in "-#;/\n\r`,}]&|%<(" or behind.lower().startswith(_SQL_CONTINUATIONS)


_SQL_CONTINUATIONS: Final = ("or ", "and ", "order ", "limit ", "union ", "group ", "having ", "return", "with ", "into ")


def _fragment(hit: Reached) -> Reached | None:
    """A fragment of injection: whatever follows may not be a sentence."""
    return hit if _is_terminated(hit) else None


def _script_fragment(hit: Reached) -> Reached | None:
    """JavaScript that continues somebody else's string: nothing but a value stands before its quote."""
    if hit.head.lstrip("\"'").startswith("$where"):
        return hit
    return (
        hit
        if pattern(rb"(?:.*(?:(?:^|[&?\s])\w+=|[\"']\s*:\s*[\"']))?[\w@.-]{0,40}").fullmatch(hit.lead.encode("latin-1"))
        else None
    )


def _rest_path(hit: Reached) -> Reached | None:
    """DELETE /index of Elasticsearch, not DELETE /users/{id} of a web service."""
    path = hit.text.split("?", 1)[0]
    if "{" in path and "}" in path.split("{", 1)[1][:20] and '"' not in path:
        return None
    return hit if "_" in path or (hit.place in (Place.WHOLE, Place.BLOCK) and path.rstrip().count("/") <= 1) else None


def _ldap_change(hit: Reached) -> Reached | None:
    """Entries that are added are created; the rest changes them."""
    return hit.writes(Operation.CREATE) if hit.found(rb"^ldapadd|^changetype:\s*add|add_s\(") else hit


def _ldap_filter(hit: Reached) -> Reached | None:
    if hit.found(rb"\(\s*(?:userPassword|unicodePwd|password|ms-mcs-admpwd|userPKCS12)\s*(?:=|~=|>=|<=)"):
        return hit.risky("credentials")
    if hit.found(rb"\*\)\s*\(|\(\|\s*\((?:uid|cn|sAMAccountName|mail|objectClass)=\*\)|\)\(&\)|\)\(\|"):
        return hit.risky("tautology")
    return hit


CHECKS: Final[dict[str, Callable[[Reached], Reached | None]]] = {
    "mongo-read": _mongo_read,
    "mongo-command": _mongo_command,
    "cypher": _cypher,
    "graphql-mutation": _graphql_mutation,
    "graphql-query": _graphql_query,
    "tautology": _tautology,
    "fragment": _fragment,
    "rest-path": _rest_path,
    "script-fragment": _script_fragment,
    "ldap-filter": _ldap_filter,
    "ldap-change": _ldap_change,
    "mongo-bulk": _mongo_bulk,
}
