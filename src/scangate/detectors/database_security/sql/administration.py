"""Statements about rights, routines, files and the server: GRANT, EXEC, COPY, LOAD DATA, SHUTDOWN, PRAGMA and the like."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.sql.grammar import Clause, name_end
from scangate.detectors.database_security.sql.lexer import Kind, TokenSource
from scangate.detectors.database_security.sql.shape import Shape, behind_parentheses, object_name, statement_shape, statement_walk
from scangate.detectors.database_security.sql.vocabulary import NEVER_NAMES, PRIVILEGES
from scangate.detectors.database_security.statement import Effect, Operation

_MODIFYING_STEMS: Final = [
    "ADD",
    "CREATE",
    "INSERT",
    "DELETE",
    "DROP",
    "REMOVE",
    "PURGE",
    "TRUNCATE",
    "CLEAR",
    "CLEAN",
    "WIPE",
    "RESET",
    "UPDATE",
    "SET",
    "CHANGE",
    "MODIFY",
    "ALTER",
    "GRANT",
    "REVOKE",
    "TRANSFER",
    "APPLY",
    "UPSERT",
    "MERGE",
    "ARCHIVE",
    "DISABLE",
    "ENABLE",
    "KILL",
    "EXPORT",
    "IMPORT",
    "WRITE",
    "STORE",
    "SAVE",
    "ELEVATE",
    "PROMOTE",
    "DEACTIVATE",
    "ACTIVATE",
    "CLOSE",
    "CANCEL",
]
_DANGEROUS_ROUTINES: Final = {
    "XP_CMDSHELL": "command",
    "XP_DIRTREE": "file",
    "XP_FILEEXIST": "file",
    "XP_SUBDIRS": "file",
    "XP_REGREAD": "registry",
    "XP_REGWRITE": "registry",
    "XP_REGDELETEVALUE": "registry",
    "SP_OACREATE": "command",
    "SP_OAMETHOD": "command",
    "SP_CONFIGURE": "configuration",
    "SP_ADDSRVROLEMEMBER": "privilege",
    "SP_ADDROLEMEMBER": "privilege",
    "SP_ADDLOGIN": "account",
    "SP_DROPLOGIN": "account",
    "SP_PASSWORD": "account",
    "SP_EXECUTE_EXTERNAL_SCRIPT": "command",
    "SP_MAKEWEBTASK": "file",
    "SP_START_JOB": "command",
    "SP_ADD_JOB": "command",
    "SP_ADDEXTENDEDPROC": "command",
    "SP_MSFOREACHTABLE": "whole-table",
    "SP_DELETE_BACKUPHISTORY": "drop",
    "DBMS_SCHEDULER.CREATE_JOB": "command",
    "DBMS_XSLPROCESSOR.CLOB2FILE": "file",
    "SYS.DBMS_EXPORT_EXTENSION": "privilege",
}


def grant(lexer: TokenSource) -> Shape | None:
    """GRANT, REVOKE, DENY: known privileges ON something TO or FROM somebody, or a role to somebody."""
    index, known = 1, 0
    direction = "FROM" if lexer.peek(0).word == "REVOKE" else "TO"
    while not _is_behind_privileges(lexer, index, direction) and index < 40:
        token = lexer.peek(index)
        if token.kind not in (Kind.WORD, Kind.QUOTED, Kind.PARAMETER, Kind.PUNCTUATION, Kind.STRING) or token.word in (
            ";",
            ":",
            "?",
        ):
            return None
        if token.word in NEVER_NAMES - PRIVILEGES - {"AND", "WITH", "FOR", "IMPERSONATE"}:
            return None
        known += token.word in PRIVILEGES
        index += 1
    words = index - 1
    if not words or index >= 40:
        return None
    has_object = lexer.peek(index).word in ("ON", "FOR")
    if not (known if has_object else _is_list_of_privileges(lexer, 1, index)):
        return None
    target = (index + 1, index + 1)
    if has_object:
        walk_start = index + 1
        while lexer.peek(walk_start).word not in (direction, "TO") or lexer.peek(walk_start).kind is not Kind.WORD:
            token = lexer.peek(walk_start)
            if token.kind in (Kind.END, Kind.OTHER) or token.word == ";" or walk_start > index + 30 or token.word in _ARTICLES:
                return None
            walk_start += 1
        target = (index + 1, walk_start)
        index = walk_start
    behind = _behind_grantee(lexer, index + 1)
    if behind == index + 1:
        return None
    everything = {"ALL", "SUPER", "DBA", "SYSDBA", "ADMIN"} & {lexer.peek(at).word for at in range(1, words + 1)}
    risks = ("privilege", "all-privileges") if everything else ("privilege",)
    verb = lexer.peek(0).word.lower()
    name = object_name(lexer, *target)
    solid = int(has_object) + bool(known)
    is_everyday = not has_object and lexer.peek(1).word == "ROLE"
    return Shape(f"sql.{verb}", Operation.UPDATE, Effect.WRITE, behind, 1, solid, name, risks, is_everyday=is_everyday)


def _is_behind_privileges(lexer: TokenSource, index: int, direction: str) -> bool:
    """At ON, TO or FROM; or at Redshift's FOR TABLES IN."""
    word = lexer.peek(index).word
    return word in ("ON", direction) or (word == "FOR" and lexer.peek(index + 2).word == "IN")


def _is_list_of_privileges(lexer: TokenSource, start: int, end: int) -> bool:
    """Names of roles, or privileges of the server in words that are all known, separated by commas."""
    item: list[str] = []
    for index in range(start, end + 1):
        word = "," if index == end else lexer.peek(index).word
        if word != ",":
            item.append(word)
            continue
        is_role = len(item) == 2 and item[0] == "ROLE"
        if not item or (len(item) > 1 and not is_role and not PRIVILEGES.issuperset(item)):
            return False
        item = []
    return True


_ARTICLES: Final = frozenset(["THE", "A", "AN", "YOUR", "MY", "OUR", "THIS", "THAT", "THESE", "MONDAY"])


def _behind_grantee(lexer: TokenSource, index: int) -> int:
    if lexer.peek(index).word in ("USER", "ROLE", "GROUP", "LOGIN", "SHARE", "APPLICATION", "DATABASE"):
        index += 1
    if lexer.peek(index).kind is Kind.STRING:
        behind = index + 1
    else:
        behind = name_end(lexer, index)
        if lexer.peek(index).word in _ARTICLES:
            return index
    if lexer.peek(behind).kind is Kind.PARAMETER and lexer.peek(behind).glued:
        behind += 1  # 'app'@localhost
    if lexer.peek(behind).kind is Kind.OTHER and lexer.text(lexer.peek(behind)) == "@":
        behind += 2  # 'app'@'%'
    while lexer.peek(behind).word == ",":
        following = _behind_grantee(lexer, behind + 1)
        if following == behind + 1:
            break
        behind = following
    if lexer.peek(behind).word == "WITH" and lexer.peek(behind + 2).word == "OPTION":
        behind += 3
    if lexer.peek(behind).word == "IDENTIFIED":
        behind += 3
    return behind if lexer.peek(behind).word not in ("CASCADE", "RESTRICT") else behind + 1


def execute(lexer: TokenSource) -> Shape | None:
    """EXEC and CALL: by the routine's name; dynamic SQL in a string is looked at by itself."""
    index = 1
    if lexer.peek(index).kind is Kind.PARAMETER and lexer.peek(index + 1).word == "=":
        index += 2
    token = lexer.peek(index)
    if token.word == "(" or token.word == "IMMEDIATE" or token.kind is Kind.STRING:
        return _dynamic(lexer, index)
    behind = name_end(lexer, index)
    if behind == index or token.kind is Kind.PARAMETER:
        return None
    name = object_name(lexer, index, behind).replace("[", "").replace("]", "").replace('"', "")
    routine = name.rsplit(".", 1)[-1]
    risk = _DANGEROUS_ROUTINES.get(routine) or _DANGEROUS_ROUTINES.get(name)
    following = lexer.peek(behind)
    is_call = following.word == "(" or following.kind in (Kind.PARAMETER, Kind.STRING)
    is_call = is_call or (following.kind is Kind.NUMBER and lexer.is_upper(lexer.peek(0)))
    if not risk and not is_call:
        return None
    walk = statement_walk(lexer, behind, Clause.DEFINITION, expecting=False)
    walk.end = max(walk.end, behind)
    modifies = routine.removeprefix("USP_").removeprefix("SP_").removeprefix("P_").startswith(tuple(_MODIFYING_STEMS))
    is_lower = not lexer.is_upper(lexer.peek(0))  # "call flush()" is prose about code
    effect = Effect.RISKY if risk else Effect.WRITE if modifies else Effect.PLAIN
    operation = Operation.UPDATE if risk or modifies else Operation.READ
    risks = (risk,) if risk else ()
    return statement_shape(
        lexer,
        "sql.execute",
        operation,
        walk,
        head=1,
        solid=3 if risk else -3 if is_lower else 1,
        name=(index, behind),
        effect=effect,
        risks=risks,
    )


def _dynamic(lexer: TokenSource, index: int) -> Shape | None:
    if lexer.peek(index).word == "IMMEDIATE":
        index += 1
    token = lexer.peek(index)
    at = index + 1 if token.word == "(" else index
    inner = lexer.peek(at)
    end = behind_parentheses(lexer, index) if token.word == "(" else index + 1
    is_literal = lexer.text(inner).lower().startswith("0x") or inner.word in ("CHAR", "CHR", "NCHAR", "CONCAT")
    if not (inner.kind in (Kind.STRING, Kind.PARAMETER) or is_literal) or end == index:
        return None
    is_hex = any(lexer.text(lexer.peek(i)).upper().startswith(("0X", "CHAR(")) for i in range(at, min(end, at + 8)))
    effect = Effect.RISKY if is_hex else Effect.PLAIN
    return Shape("sql.execute-dynamic", Operation.UPDATE, effect, end, 1, 2, "", ("obfuscation",) if is_hex else ())


def copy(lexer: TokenSource) -> Shape | None:
    """COPY of PostgreSQL, Snowflake and DuckDB: FROM adds rows, TO writes a file, PROGRAM runs a command."""
    index = 2 if lexer.peek(1).word == "INTO" else 1
    behind = behind_parentheses(lexer, index) if lexer.peek(index).word == "(" else name_end(lexer, index)
    if lexer.peek(index).kind is Kind.STRING:
        behind = index + 1
    if index == 2 and lexer.text(lexer.peek(index)).startswith("@"):
        behind = _behind_stage(lexer, index)
    if behind == index:
        return None
    start = index
    if lexer.peek(behind).word == "(":
        behind = behind_parentheses(lexer, behind)
    word, end_point = lexer.peek(behind).word, lexer.peek(behind + 1)
    if word not in ("FROM", "TO"):
        return None
    is_stage = lexer.text(end_point).startswith(("@", "%", "~")) or (index == 2 and end_point.kind is Kind.QUOTED)
    is_stage = is_stage or (index == 2 and end_point.word == "(" and lexer.peek(behind + 2).word == "SELECT")
    is_place = end_point.kind is Kind.STRING or end_point.word in ("PROGRAM", "STDIN", "STDOUT") or is_stage
    if not is_place and not (index == 2 and name_end(lexer, behind + 1) > behind + 1 and lexer.peek(0).newlines >= 0):
        return None
    walk = statement_walk(lexer, behind + 1, Clause.DEFINITION)
    risks = ("command",) if end_point.word == "PROGRAM" else ("file",) if end_point.kind is Kind.STRING else ()
    effect = Effect.RISKY if end_point.word == "PROGRAM" else Effect.WRITE
    return statement_shape(
        lexer, "sql.copy", Operation.CREATE, walk, head=index, solid=1, name=(start, behind), effect=effect, risks=risks
    )


def _behind_stage(lexer: TokenSource, index: int) -> int:
    """Behind a path in Snowflake's stages: `@stage/result/data`."""
    index += 1
    while lexer.peek(index).glued:
        index += 1
    return index


def load(lexer: TokenSource) -> Shape | None:
    """LOAD DATA INFILE of MySQL and Hive, BULK INSERT of SQL Server."""
    words = [lexer.peek(index).word for index in range(6)]
    if words[0] == "BULK" and words[1] == "INSERT" and name_end(lexer, 2) > 2:
        walk = statement_walk(lexer, name_end(lexer, 2), Clause.DEFINITION, expecting=False)
    elif words[0] == "LOAD" and "FILES" in (names := [lexer.peek(index).word for index in range(2, 14)]):
        if lexer.peek(3 + names.index("FILES")).word != "(":
            return None
        walk = statement_walk(lexer, 2, Clause.DEFINITION)
    elif words[0] == "LOAD" and words[1] in ("DATA", "XML") and ("INFILE" in words or "INPATH" in words):
        walk = statement_walk(lexer, 2, Clause.DEFINITION)
    else:
        return None
    return statement_shape(lexer, "sql.load-data", Operation.CREATE, walk, head=2, solid=2, effect=Effect.RISKY, risks=("file",))


def attach(lexer: TokenSource) -> Shape | None:
    index = 2 if lexer.peek(1).word == "DATABASE" else 1
    if lexer.peek(index).kind is not Kind.STRING or lexer.peek(index + 1).word != "AS":
        return None
    behind = name_end(lexer, index + 2)
    return Shape("sql.attach", Operation.CREATE, Effect.WRITE, behind, index, 2, "", ("file",)) if behind > index + 2 else None


def pragma(lexer: TokenSource) -> Shape | None:
    """A PRAGMA with a value changes a setting, one without asks for it."""
    behind = name_end(lexer, 1)
    if behind == 1:
        return None
    if lexer.peek(behind).word != "=":
        end = behind_parentheses(lexer, behind) if lexer.peek(behind).word == "(" else behind
        return Shape("sql.pragma", Operation.READ, Effect.PLAIN, end, 1, 0, object_name(lexer, 1, behind))
    if lexer.peek(behind + 1).kind not in (Kind.WORD, Kind.NUMBER, Kind.STRING):
        return None
    name = object_name(lexer, 1, behind)
    risks = ("privilege",) if "WRITABLE_SCHEMA" in name else ()
    return Shape("sql.pragma", Operation.UPDATE, Effect.WRITE, behind + 2, 1, 1, name, risks)


def server(lexer: TokenSource) -> Shape | None:
    """SHUTDOWN, KILL, SET GLOBAL, SET PASSWORD, RESET, FLUSH, BACKUP, RESTORE: the forms that no sentence has."""
    words = tuple(lexer.peek(index).word for index in range(4))
    for prefix, (operation, risk, minimum) in _SERVER_STATEMENTS.items():
        if words[: len(prefix)] != prefix:
            continue
        behind = len(prefix)
        following = lexer.peek(behind)
        if minimum == _NUMBER and following.kind not in (Kind.NUMBER, Kind.PARAMETER):
            return None
        if minimum == _NAME and (name_end(lexer, behind) == behind):
            return None
        walk = statement_walk(lexer, behind, Clause.DEFINITION, expecting=minimum != _NOTHING)
        walk.end = max(walk.end, behind)
        if minimum == _ASSIGNMENT and not walk.comparisons:
            return None
        effect = Effect.RISKY if risk in ("shutdown", "account") else Effect.WRITE
        return statement_shape(
            lexer, "sql." + "-".join(prefix).lower(), operation, walk, head=behind, solid=1, effect=effect, risks=(risk,)
        )
    return None


_NOTHING, _NUMBER, _NAME, _ASSIGNMENT = range(4)
_SERVER_STATEMENTS: Final[dict[tuple[str, ...], tuple[Operation, str, int]]] = {
    ("SHUTDOWN", "WITH", "NOWAIT"): (Operation.UPDATE, "shutdown", _NOTHING),
    ("SHUTDOWN", "IMMEDIATE"): (Operation.UPDATE, "shutdown", _NOTHING),
    ("SHUTDOWN", "ABORT"): (Operation.UPDATE, "shutdown", _NOTHING),
    ("KILL", "QUERY"): (Operation.UPDATE, "shutdown", _NUMBER),
    ("KILL", "CONNECTION"): (Operation.UPDATE, "shutdown", _NUMBER),
    ("SET", "GLOBAL"): (Operation.UPDATE, "configuration", _ASSIGNMENT),
    ("SET", "PERSIST"): (Operation.UPDATE, "configuration", _ASSIGNMENT),
    ("SET", "PASSWORD", "FOR"): (Operation.UPDATE, "account", _ASSIGNMENT),
    ("SET", "PASSWORD"): (Operation.UPDATE, "account", _ASSIGNMENT),
    ("RESET", "MASTER"): (Operation.DELETE, "drop", _NOTHING),
    ("PURGE", "BINARY", "LOGS"): (Operation.DELETE, "drop", _NAME),
    ("PURGE", "RECYCLEBIN"): (Operation.DELETE, "drop", _NOTHING),
    ("PURGE", "DBA_RECYCLEBIN"): (Operation.DELETE, "drop", _NOTHING),
    ("FLUSH", "PRIVILEGES"): (Operation.UPDATE, "privilege", _NOTHING),
    ("BACKUP", "DATABASE"): (Operation.CREATE, "file", _NAME),
    ("RESTORE", "DATABASE"): (Operation.UPDATE, "file", _NAME),
    ("INSTALL", "PLUGIN"): (Operation.CREATE, "command", _NAME),
}


def show(lexer: TokenSource) -> Shape | None:
    """SHOW of lists that a sentence does not ask for in these words; of what it may ask for, in capitals only."""
    index = next((at for at in range(1, 5) if lexer.peek(at).word in _SHOWN), 0)
    if not index:
        index = next((at for at in range(1, 5) if lexer.peek(at).word in _SHOWN_IN_CAPITALS), 0)
        if not index or not lexer.is_upper(lexer.peek(0)) or not lexer.is_upper(lexer.peek(index)):
            return None
    if any(lexer.peek(at).word in NEVER_NAMES for at in range(1, index)):
        return None
    walk = statement_walk(lexer, index + 1, Clause.SOURCE, expecting=False)
    walk.end = max(walk.end, index + 1)
    return statement_shape(lexer, "sql.show", Operation.READ, walk, head=index + 1, effect=Effect.PLAIN)


_SHOWN: Final = frozenset(
    [
        "TABLES",
        "DATABASES",
        "SCHEMAS",
        "COLUMNS",
        "INDEX",
        "INDEXES",
        "KEYS",
        "GRANTS",
        "PROCESSLIST",
        "VARIABLES",
        "STATUS",
        "ENGINES",
        "TRIGGERS",
        "TABLE",
        "VIEWS",
    ]
)
_SHOWN_IN_CAPITALS: Final = frozenset(
    [
        "OBJECTS",
        "SEQUENCES",
        "WAREHOUSES",
        "FUNCTIONS",
        "PROCEDURES",
        "ROLES",
        "USERS",
        "GROUPS",
        "PROJECTIONS",
        "AGGREGATES",
        "PLAN",
        "PROFILE",
        "PROFILES",
        "WARNINGS",
        "ERRORS",
        "EVENTS",
        "STAGES",
        "STREAMS",
        "TASKS",
        "PIPES",
        "PLUGINS",
        "PRIVILEGES",
        "PARTITIONS",
        "COLLATION",
        "CHARSET",
        "KEYSPACES",
        "SHARES",
        "REGIONS",
        "CONNECTIONS",
        "PARAMETERS",
    ]
)
