"""Redis commands: lines at a prompt, in code, as whole values, behind `redis-cli`, and calls of a client.

Most commands are English words (SET, MOVE, TYPE), so that a line counts only where its command is Redis' own (`HSET`, `FLUSHALL`)
or where Redis is named; and always the number and form of its arguments must be right. Facts: the command table of Redis 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from scangate.detectors.database_security.context import Place, Surroundings
from scangate.detectors.database_security.effort import Effort
from scangate.detectors.database_security.patterns import REACH_BYTES, pattern
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement

_MAX_TRIES: Final = 1500
_MAX_LINE: Final = 2000


class Command(NamedTuple):
    """`most` is -1 for any number of arguments; `is_own` says that no other language and no prose has such a line."""

    operation: Operation
    effect: Effect
    least: int
    most: int
    is_own: bool
    risks: tuple[str, ...] = ()


def _table() -> dict[str, Command]:
    create, read, update, delete = Operation.CREATE, Operation.READ, Operation.UPDATE, Operation.DELETE
    commands: dict[str, Command] = {}

    def add(
        names: str, operation: Operation, least: int, most: int, *, own: bool, effect: Effect = Effect.WRITE, risk: str = ""
    ) -> None:
        for name in names.split():
            commands[name] = Command(operation, effect, least, most, own, (risk,) if risk else ())

    plain = Effect.PLAIN
    add("HGETALL HKEYS HVALS HLEN SMEMBERS SCARD LLEN STRLEN ZCARD XLEN PTTL TTL LRANDMEMBER", read, 1, 1, own=True, effect=plain)
    add(
        "HGET HMGET SISMEMBER LINDEX LRANGE ZRANGE ZREVRANGE ZSCORE ZRANK ZCOUNT ZRANGEBYSCORE GETRANGE MGET SINTER SUNION SDIFF HSCAN SSCAN "
        "ZSCAN XRANGE XREAD HEXISTS GETBIT BITCOUNT PFCOUNT GEOSEARCH",
        read,
        1,
        -1,
        own=True,
        effect=plain,
    )
    add("SCAN", read, 3, 7, own=True, effect=plain)
    add("GET TYPE DUMP EXISTS OBJECT", read, 1, -1, own=False, effect=plain)
    add("KEYS", read, 1, 1, own=False, effect=Effect.RISKY, risk="whole-table")
    add("MONITOR", read, 0, 0, own=False, effect=Effect.RISKY, risk="catalog")
    add("HSET HMSET SETEX PSETEX ZADD XADD", create, 3, -1, own=True)
    add("HSETNX", create, 3, 3, own=True)
    add("SETNX MSET MSETNX LPUSH RPUSH LPUSHX RPUSHX SADD PFADD GEOADD GETSET", create, 2, -1, own=True)
    add("SET", create, 2, 8, own=False)
    add("APPEND COPY", create, 2, 4, own=False)
    add("RESTORE", create, 3, 8, own=False)
    add("INCR DECR PERSIST", update, 1, 1, own=True)
    add("INCRBY DECRBY INCRBYFLOAT EXPIREAT PEXPIRE PEXPIREAT", update, 2, 3, own=True)
    add("HINCRBY HINCRBYFLOAT ZINCRBY LSET SETRANGE SETBIT SMOVE RPOPLPUSH LMOVE LINSERT", update, 2, 4, own=True)
    add("EXPIRE RENAME RENAMENX MOVE SWAPDB", update, 2, 3, own=False)
    add("DEL", delete, 1, -1, own=False)
    add("UNLINK HDEL SREM ZREM LREM XDEL LTRIM ZREMRANGEBYSCORE ZREMRANGEBYRANK XTRIM", delete, 1, -1, own=True)
    add("RPOP", delete, 1, 2, own=False)
    add("LPOP SPOP GETDEL ZPOPMIN ZPOPMAX BLPOP BRPOP", delete, 1, -1, own=True)
    add("FLUSHALL FLUSHDB", delete, 0, 1, own=True, risk="drop")
    add("EVAL EVALSHA FCALL", update, 2, -1, own=False, effect=Effect.RISKY, risk="command")
    add("REPLICAOF SLAVEOF", update, 2, 2, own=True, effect=Effect.RISKY, risk="network")
    add("MIGRATE", update, 5, -1, own=False, effect=Effect.RISKY, risk="network")
    add("BGREWRITEAOF BGSAVE", update, 0, 1, own=True)
    return commands


COMMANDS: Final = _table()
_PHRASES: Final = {
    ("CONFIG", "SET"): (Operation.UPDATE, 3, ("configuration",)),
    ("CONFIG", "REWRITE"): (Operation.UPDATE, 1, ("configuration",)),
    ("CONFIG", "RESETSTAT"): (Operation.UPDATE, 1, ("configuration",)),
    ("SCRIPT", "FLUSH"): (Operation.UPDATE, 1, ("command",)),
    ("SCRIPT", "LOAD"): (Operation.UPDATE, 2, ("command",)),
    ("FUNCTION", "FLUSH"): (Operation.DELETE, 1, ("drop",)),
    ("SHUTDOWN", "NOSAVE"): (Operation.UPDATE, 1, ("shutdown",)),
    ("SHUTDOWN", "SAVE"): (Operation.UPDATE, 1, ("shutdown",)),
    ("MODULE", "LOAD"): (Operation.UPDATE, 2, ("command",)),
    ("CLIENT", "KILL"): (Operation.UPDATE, 2, ("shutdown",)),
    ("ACL", "SETUSER"): (Operation.UPDATE, 2, ("account",)),
    ("ACL", "DELUSER"): (Operation.DELETE, 2, ("account",)),
    ("CLUSTER", "RESET"): (Operation.DELETE, 1, ("drop",)),
    ("DEBUG", "SEGFAULT"): (Operation.UPDATE, 1, ("shutdown",)),
    ("DEBUG", "SLEEP"): (Operation.UPDATE, 2, ("delay",)),
}
"""Two words that make a command: operation, least number of words behind the first, risks."""

_WORDS: Final = sorted({*COMMANDS, *(rf"{first}[ \t]+{second}" for first, second in _PHRASES)}, key=len, reverse=True)
_OWN_WORDS: Final = [word for word in _WORDS if word not in COMMANDS or COMMANDS[word].is_own]
_LEAD: Final = rb"(?:^[ \t]*(?:[-*$]\s+|\d{1,3}[.)]\s+)?|^[^\n>]{0,40}>\s*|[\"'`;>:]\s?)"
_PROMPT: Final = rb"(?:redis-cli(?:[ \t]+-\S+(?:[ \t]+[\w.@/:]*[.\d][\w.@/:]*)?){0,6}[ \t]+|(?:6379|redis|\])>\s*)"
_BEHIND: Final = rb"(?:[ \t\"'`;<]|$)"


def _lines(words: list[str], flags: bytes) -> bytes:
    """A command behind a prompt, in either case; or at the beginning of a line or value, in capitals where `flags` say so."""
    bare = b"(?" + flags + b":" + "|".join(words).encode() + b")|flushall|flushdb"
    at_prompt = "|".join(_WORDS).encode()
    return b"(?m)(?:" + _PROMPT + b"(" + at_prompt + b")|" + _LEAD + b"(" + bare + b"))" + _BEHIND


_CASED_LINE: Final = _lines(_WORDS, b"-i")
_FOLDED_LINE: Final = _lines(_OWN_WORDS, b"i")
"""For texts whose case is lost: without the commands that are English words, which begin lines of any program."""
_CALL: Final = (
    rb"\b(?:(?:\w*redis\w*|rdb|r|pipe|pipeline)\.(flush_?all|flush_?db|config_?set|script_?flush|shutdown|slaveof|replicaof|unlink|hdel|srem|zrem|"
    rb"hset|hmset|sadd|zadd|lpush|rpush|setex|mset|incr|incrby|hincrby|expire|rename)|\w*redis\w*\.(set|del|delete|eval))\s*\("
)
_NAMED_CALL: Final = (
    rb"\b(?:r|rdb|conn|cache|pipe|pipeline)\.(get|set|del|delete|exists|ttl|keys|hget|hgetall|lrange|llen|smembers|zrange|mget|append|getset|setnx|lpop|rpop|"
    rb"decr|persist|type)\(\s*[frbu]?[\"'`]"
)
"""Calls that other clients have as well: a Redis client's only where Redis is named."""
_LONE_CALL: Final = _NAMED_CALL.replace(rb"(?:r|rdb|conn|cache|pipe|pipeline)", rb"(?:r|rdb)") + rb"[\w:.@{}*-]{1,200}[\"'`]"
"""As its documentation calls a client: on its own as a whole value, since `r` may be anything among other code."""
_NAMES_REDIS: Final = rb"\bredis\b|redis[-_:]|\b6379\b"
_KEY: Final = rb"[\w.@{}$<>*?\[\]-]*[:*][\w.:@{}$<>*?\[\]-]*|\"[^\"\n]*\"|'[^'\n]*'"
_WORD_SPLIT: Final = rb"\"(?:[^\"\\\n]|\\[\x00-\xff])*\"|'[^'\n]*'|[^\s\"']+"


class RedisFinder:
    """Immutable; safe to use from several threads."""

    def find(self, reading: Reading, surroundings: Surroundings, effort: Effort) -> Iterator[Statement]:
        """Statements, bounded by `_MAX_TRIES` and the scan's effort."""
        expression = pattern(_CASED_LINE if reading.is_cased else _FOLDED_LINE)
        names_redis: bool | None = None
        for tries, match in enumerate(expression.finditer(reading.data)):
            if not reading.is_new(match.start(), match.start() + REACH_BYTES):
                continue
            if tries >= _MAX_TRIES or not effort.begin():
                effort.is_incomplete = True
                break
            if names_redis is None:
                names_redis = pattern(_NAMES_REDIS).search(reading.data) is not None
            group = 1 if match.group(1) else 2
            statement = _line(reading, surroundings, match.start(group), match.start(), names_redis)
            if statement is not None:
                yield statement
        yield from _calls(_CALL, reading, surroundings, effort)
        if pattern(_NAMES_REDIS).search(reading.data) is not None:
            yield from _calls(_NAMED_CALL, reading, surroundings, effort)
        else:
            yield from _calls(_LONE_CALL, reading, surroundings, effort, least=Place.WHOLE)


def _line(reading: Reading, surroundings: Surroundings, start: int, lead: int, names_redis: bool) -> Statement | None:
    flat = reading.flat
    spot = surroundings.spot(start)
    limit = min(spot.limit, start + _MAX_LINE)
    if spot.closer:
        closing = flat.find(spot.closer, start, limit)
        limit = closing if closing >= 0 else limit
    stop = flat.find("\n", start, limit)
    stop = limit if stop < 0 else stop
    semicolon = flat.find(";", start, stop)
    stop = semicolon if semicolon >= 0 and '"' not in flat[start:semicolon] else stop
    backtick = flat.find("`", start, stop)
    stop = backtick if backtick >= 0 else stop
    words = [(found.start(), found.end()) for found in pattern(_WORD_SPLIT).finditer(reading.data, start, stop)]
    texts = [flat[begin:end] for begin, end in words]
    place = surroundings.place(spot, stop)
    before = flat[lead:start].rstrip()
    at_prompt = "redis-cli" in before or before.endswith(("6379>", "redis>", "]>"))
    if not texts or (place < Place.INLINE_CODE and not at_prompt):
        return None
    command = _command(
        texts,
        is_upper=reading.is_upper(*words[0]),
        is_sure=at_prompt or names_redis,
        at_prompt=at_prompt,
        in_code=place >= Place.STRING,
    )
    if command is None:
        return None
    return Statement(
        start=start,
        end=words[-1][1],
        rule=f"redis.{command.operation.value}",
        operation=command.operation,
        effect=command.effect,
        engine="redis",
        risks=command.risks,
        is_mention=spot.is_comment or (not at_prompt and surroundings.is_mention(start, words[-1][1], place)),
        is_certain=command.is_own or at_prompt,
    )


def _command(texts: list[str], *, is_upper: bool, is_sure: bool, at_prompt: bool, in_code: bool) -> Command | None:
    name = texts[0].upper()
    if not is_upper and not at_prompt and not (in_code and texts[0] in ("flushall", "flushdb")):
        return None
    if len(texts) > 1 and (phrase := _PHRASES.get((name, texts[1].upper()))) is not None:
        operation, least, risks = phrase
        effect = Effect.RISKY
        return Command(operation, effect, least, -1, True, risks) if len(texts) > least and len(texts) < 14 else None
    command = COMMANDS.get(name)
    if command is None:
        return None
    arguments = texts[1:]
    if len(arguments) < command.least or (command.most >= 0 and len(arguments) > command.most):
        return None
    if name in ("FLUSHALL", "FLUSHDB") and arguments and arguments[0].upper() not in ("ASYNC", "SYNC"):
        return None
    if name in ("EVAL", "EVALSHA", "FCALL") and not is_sure:
        return command if "redis.call" in arguments[0] or "redis.pcall" in arguments[0] else None
    if any(argument.endswith((",", ".", ":", ")")) or argument[0] in "(=" for argument in arguments):
        return None
    if name == "EXPIRE" and arguments[1].isdigit():
        return command
    has_key = bool(arguments) and pattern(_KEY).fullmatch(arguments[0].encode("latin-1")) is not None
    return command if command.is_own or is_sure or has_key else None


def _calls(
    expression: bytes, reading: Reading, surroundings: Surroundings, effort: Effort, least: Place = Place.INLINE
) -> Iterator[Statement]:
    for tries, match in enumerate(pattern(expression).finditer(reading.data)):
        if not reading.is_new(match.start(), match.start() + REACH_BYTES):
            continue
        if tries >= _MAX_TRIES or not effort.begin():
            effort.is_incomplete = True
            return
        begin, after = match.span()
        name = next(filter(None, match.groups())).decode().upper().replace("_", "")
        command = COMMANDS.get("DEL" if name == "DELETE" else name)
        spot = surroundings.spot(begin)
        closing = reading.flat.find(")", after, after + 400)
        end = closing + 1 if closing >= 0 else after
        place = surroundings.place(spot, end)
        if place < least:
            continue
        operation = command.operation if command else Operation.UPDATE
        yield Statement(
            start=begin,
            end=end,
            rule=f"redis.{operation.value}",
            operation=operation,
            effect=command.effect if command else Effect.RISKY,
            engine="redis",
            risks=command.risks if command else ("configuration",),
            is_mention=spot.is_comment or surroundings.is_mention(begin, end, place),
        )
