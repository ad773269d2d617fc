"""Statements of other engines: MongoDB, Redis, Elasticsearch, Cypher, and calls of object-relational mappers that remove data.

Each pattern is specific enough to count wherever it stands; Redis commands, which are ordinary words, count in code only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from scangate.detectors.database_security.context import Place, Surroundings
from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement

_C, _R, _U, _D = Operation.CREATE, Operation.READ, Operation.UPDATE, Operation.DELETE
_PLAIN, _WRITE, _RISKY = Effect.PLAIN, Effect.WRITE, Effect.RISKY
_MAX_HITS: Final = 50
_COLLECTION: Final = (
    rb"\bdb(?:\.\w{1,64}|\[['\"]\w{1,64}['\"]\]|\.getcollection\(['\"]\w{1,64}['\"]\)){1,2}\.|\b\w{0,40}collection\."
)

_ANYWHERE: Final[tuple[tuple[str, str, Operation, Effect, bytes], ...]] = (
    ("mongodb", "mongodb.delete", _D, _WRITE, rb"(?:" + _COLLECTION + rb")(?:deletemany|deleteone|remove|drop|delete_many|delete_one|findoneanddelete|dropindexes)\("),
    ("mongodb", "mongodb.drop-database", _D, _WRITE, rb"\bdb\.dropdatabase\(|\bdrop_database\("),
    ("mongodb", "mongodb.where", _R, _RISKY, rb"['\"]?\$where['\"]?\s*:|['\"]\$function['\"]\s*:"),
    ("mongodb", "mongodb.operator-injection", _R, _RISKY, rb"['\"](?:password|passwd|username|user|pwd)['\"]\s*:\s*\{\s*['\"]\$(?:ne|gt|gte|regex|exists|nin)['\"]"),
    ("mongodb", "mongodb.update", _U, _WRITE, rb"(?:" + _COLLECTION + rb")(?:updatemany|updateone|replaceone|update|update_many|update_one|findoneandupdate|bulkwrite)\("),
    ("mongodb", "mongodb.insert", _C, _WRITE, rb"(?:" + _COLLECTION + rb")(?:insertmany|insertone|insert|insert_many|insert_one|createindex|save)\("),
    ("mongodb", "mongodb.find", _R, _PLAIN, rb"(?:" + _COLLECTION + rb")(?:find|findone|aggregate|distinct|countdocuments|find_one|mapreduce)\("),
    ("mongodb", "mongodb.command-delete", _D, _WRITE, rb"\{\s*['\"](?:delete|drop|dropdatabase)['\"]\s*:\s*['\"]?\w{1,64}['\"]?\s*(?:,\s*['\"]deletes['\"]|\})"),
    ("elasticsearch", "elasticsearch.delete", _D, _WRITE, rb"\bdelete\s+/[a-z0-9_*,.-]{1,80}(?:/_doc/|/?\s|/?$)|_delete_by_query\b|-x\s?delete\s+['\"]?(?:https?://)?[\w.$-]{1,80}:9200"),
    ("elasticsearch", "elasticsearch.update", _U, _WRITE, rb"_update_by_query\b|\bput\s+/_cluster/settings|\bpost\s+/[a-z0-9_-]{1,60}/_update/"),
    ("elasticsearch", "elasticsearch.script", _R, _RISKY, rb"['\"]script_fields['\"]\s*:|java\.lang\.runtime"),
    ("elasticsearch", "elasticsearch.search", _R, _PLAIN, rb"\b(?:get|post)\s+/[a-z0-9_*,.-]{1,80}/_search\b"),
    ("cypher", "cypher.delete", _D, _WRITE, rb"\bmatch\s*\([^()\n]{0,80}\)[^;]{0,300}?\b(?:detach\s+)?delete\s+\w"),
    ("cypher", "cypher.set", _U, _WRITE, rb"\bmatch\s*\([^()\n]{0,80}\)[^;]{0,300}?\b(?:set|remove)\s+\w+[.:]"),
    ("cypher", "cypher.create", _C, _WRITE, rb"\b(?:create|merge)\s*\(\s*\w*\s*:\s*\w+\s*[{)]"),
    ("cypher", "cypher.match", _R, _PLAIN, rb"\bmatch\s*\([^()\n]{0,80}\)[^;]{0,300}?\breturn\s+\w"),
    ("orm", "orm.delete", _D, _WRITE, rb"\.objects\.(?:all\(\)|filter\([^()\n]{0,120}\))\.delete\(\)|\.(?:destroy_all|delete_all)\b|\.destroy\(\{\s*truncate\s*:\s*true|\b(?:delete_table|drop_all)\("),
    ("dynamodb", "dynamodb.delete", _D, _WRITE, rb"\baws\s+dynamodb\s+delete-(?:table|item)\b|\bdrop\s+keyspace\b"),
)  # fmt: skip
_IN_CODE: Final[tuple[tuple[str, str, Operation, Effect, bytes], ...]] = (
    ("redis", "redis.delete", _D, _WRITE, rb"\b(?:flushall|flushdb)\b|\b(?:unlink|del)\s+[\w:*{}-]*[:_*][\w:*{}-]*|\bscript\s+flush\b"),
    ("redis", "redis.configure", _U, _WRITE, rb"\bconfig\s+set\s+\w|\b(?:slaveof|replicaof)\s+\S+\s+\d|\bacl\s+(?:setuser|deluser)\b|\bmodule\s+load\b"),
    ("redis", "redis.script", _U, _WRITE, rb"\beval(?:sha)?\s+['\"]|\bdebug\s+(?:sleep|segfault)\b"),
    ("redis", "redis.dump", _R, _RISKY, rb"\bkeys\s+\*|\bconfig\s+get\s+(?:\*|requirepass)|\bmonitor\b\s*$"),
    ("redis", "redis.write", _C, _WRITE, rb"\b(?:hset|hmset|lpush|rpush|sadd|zadd|setex|mset)\s+[\w:{}-]+\s+\S"),
)  # fmt: skip
_REDIS_CLUE: Final = rb"redis|127\.0\.0\.1:6379|\bflush(?:all|db)\b|\bconfig\s+(?:set|get)\s|\bkeys\s+\*"
_ANY: Final = b"|".join(b"(?:" + row[4] + b")" for row in _ANYWHERE)


def find_nosql(reading: Reading, surroundings: Surroundings, checkpoint: Callable[[], None]) -> Iterator[Statement]:
    """At most _MAX_HITS statements of each rule."""
    if pattern(_ANY).search(reading.data) is not None:
        for row in _ANYWHERE:
            checkpoint()
            yield from _matches(row, reading, surroundings, Place.INLINE)
    if pattern(_REDIS_CLUE).search(reading.data) is not None:
        for row in _IN_CODE:
            checkpoint()
            yield from _matches(row, reading, surroundings, Place.INLINE_CODE)


def _matches(
    row: tuple[str, str, Operation, Effect, bytes], reading: Reading, surroundings: Surroundings, least: Place
) -> Iterator[Statement]:
    engine, rule, operation, effect, expression = row
    for match in islice(pattern(expression).finditer(reading.data), _MAX_HITS):
        start, end = match.start(), match.end()
        spot = surroundings.spot(start)
        place = surroundings.place(spot, end)
        if place < least:
            continue
        yield Statement(
            start=start,
            end=end,
            rule=rule,
            operation=operation,
            effect=effect,
            engine=engine,
            is_mention=spot.is_comment or surroundings.is_mention(start, end, place),
        )
