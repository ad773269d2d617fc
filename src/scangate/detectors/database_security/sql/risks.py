"""What makes a statement risky beside its operation: credentials, injection, catalogs, files, delays. Works on its tokens."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.sql.lexer import Kind, Lexer, Token

_CREDENTIAL_COLUMNS: Final = pattern(
    rb"(?:\w*_)?(?:passw(?:or)?ds?(?:_?(?:hash|digest|salt|md5|enc\w*))?|passwd|pwd|pass_?hash|passphrase|pin_code|authentication_string|rolpassword|"
    rb"secret(?:_?key)?s?|api_?keys?|private_?keys?|(?:access|auth|refresh|session|reset|api|bearer)_?tokens?|ssn|social_security(?:_?(?:no|num|number))?|"
    rb"(?:credit_?)?card_?(?:no|num|number)|credit_?cards?|cc_?(?:num|number)|cvv2?|cvc2?|passport_?(?:no|num|number)|national_id(?:_number)?|tax_id|"
    rb"bank_account(?:_?(?:no|num|number))?|otp_secret|totp_secret|user_pass|hashed_password|encrypted_password|contrase[\xc3\xb1a-z]+|mot_de_passe|passwort|senha)"
)
_CREDENTIAL_TABLES: Final = pattern(
    rb"(?:\w*_)?(?:credentials?|passwords?|secrets|api_?keys|access_tokens|credit_?cards?|payment_cards|user_passwords?|pg_shadow|pg_authid|"
    rb"sql_logins|syslogins|sysxlogins|dba_users|user\$)"
)
_CREDENTIAL_PATHS: Final = ("MYSQL.USER", "MASTER.DBO.SYSLOGINS", "MASTER..SYSLOGINS", "SYS.USER$", "SYS.USER", "SYS.SYSLOGINS")
_CATALOGS: Final = pattern(
    rb"information_schema|sqlite_master|sqlite_schema|sysobjects|syscolumns|sysdatabases|sysserv\w+|pg_tables|sysusers|pg_group|pg_class|pg_user|pg_roles|pg_database|pg_proc|"
    rb"pg_catalog|(?:all|user|dba)_(?:tables|tab_columns|tab_privs|sys_privs|role_privs|objects|source|views|db_links|ind_columns|constraints)|"
    rb"msysobjects|system_schema|syscat|rdb\$relations|mysql\.db|table_privileges|v\$version|v\$session|v\$parameter"
)
_CATALOG_PATHS: Final = (
    "SYS.TABLES", "SYS.COLUMNS", "SYS.OBJECTS", "SYS.DATABASES", "SYS.SCHEMAS", "SYS.ALL_COLUMNS", "SYS.SERVERS", "SYS.ALL_TABLES", "MYSQL.INNODB_TABLE_STATS",
)  # fmt: skip
_FUNCTIONS: Final = {
    **dict.fromkeys(("SLEEP", "PG_SLEEP", "BENCHMARK", "PG_SLEEP_FOR", "PG_SLEEP_UNTIL", "RECEIVE_MESSAGE", "RANDOMBLOB"), "delay"),
    **dict.fromkeys(
        ("LOAD_FILE", "PG_READ_FILE", "PG_READ_BINARY_FILE", "PG_LS_DIR", "LO_IMPORT", "LO_EXPORT", "LO_GET", "PG_STAT_FILE", "UTL_FILE",
         "READFILE", "WRITEFILE", "READ_TEXT", "READ_BLOB", "DBMS_LOB", "BFILENAME", "LO_FROM_BYTEA", "LO_PUT", "PG_FILE_WRITE", "EDIT"), "file"),
    **dict.fromkeys(
        ("OPENROWSET", "OPENDATASOURCE", "OPENQUERY", "UTL_HTTP", "HTTPURITYPE", "UTL_INADDR", "UTL_TCP", "UTL_SMTP", "DBLINK",
         "DBLINK_CONNECT", "DBMS_LDAP"), "network"),
    **dict.fromkeys(
        ("SYS_EXEC", "SYS_EVAL", "XP_CMDSHELL", "LOAD_EXTENSION", "DBMS_JAVA_TEST", "DBMS_SCHEDULER", "DBMS_JAVA", "EXECUTE_COMMAND"), "command"),
    **dict.fromkeys(("EXTRACTVALUE", "UPDATEXML", "GTID_SUBSET", "ST_LATFROMGEOHASH", "DBMS_XMLGEN", "DRITHSX", "XMLTYPE"), "extraction"),
    **dict.fromkeys(("PG_TERMINATE_BACKEND", "PG_CANCEL_BACKEND", "PG_RELOAD_CONF", "PG_ROTATE_LOGFILE"), "shutdown"),
}  # fmt: skip
_ONLY_WITH_PAYLOAD: Final = frozenset(("EXTRACTVALUE", "UPDATEXML", "XMLTYPE", "DBMS_LOB", "DBLINK", "EDIT", "READ_TEXT"))
_AGGREGATES: Final = frozenset(("COUNT", "LENGTH", "CHAR_LENGTH", "LEN", "BOOL_OR", "ISNULL", "NULLIF"))
_COMPARISONS: Final = frozenset(("=", "<", ">", "<=", ">=", "<>", "!=", "LIKE", "IS", "IN", "RLIKE", "REGEXP", "<=>"))
_UNION_TOKENS: Final = 60
_CONSTANTS: Final = frozenset((Kind.NUMBER, Kind.STRING))


def risks_of(lexer: Lexer, end: int) -> tuple[str, ...]:
    """The risks of a read whose tokens are `[0, end)`: stable words, sorted."""
    tokens = [lexer.peek(index) for index in range(end)]
    found: set[str] = set()
    _names(lexer, tokens, found)
    _functions(lexer, tokens, found)
    _injection(lexer, tokens, found)
    return tuple(sorted(found))


def _names(lexer: Lexer, tokens: list[Token], found: set[str]) -> None:
    in_list = in_source = False
    for index, token in enumerate(tokens):
        word = token.word
        if token.kind is Kind.WORD and word in (
            "SELECT",
            "FROM",
            "JOIN",
            "WHERE",
            "UNION",
            "ORDER",
            "GROUP",
            "HAVING",
            "ON",
            "SET",
            "INTO",
        ):
            in_list, in_source = word == "SELECT", word in ("FROM", "JOIN")
        elif token.kind in (Kind.WORD, Kind.QUOTED):
            name = lexer.text(token).strip('"`[]')
            if in_list and _is_projected_credential(tokens, index, name):
                found.add("credentials")
            elif in_source:
                _source(lexer, tokens, index, name, found)
    if "credentials" in found and (_is_bound_lookup(tokens) or not any(token.word == "FROM" for token in tokens)):
        found.discard("credentials")  # without FROM it is PowerShell: `… | Select Name, Password`


def _is_projected_credential(tokens: list[Token], index: int, name: str) -> bool:
    if _CREDENTIAL_COLUMNS.fullmatch(name.encode("latin-1")) is None:
        return False
    following = tokens[index + 1].word if index + 1 < len(tokens) else ""
    if following == "(" or (following == "." and tokens[index + 1].glued):
        return False
    if index and tokens[index - 1].word == "AS":
        return False
    return not (index > 1 and tokens[index - 1].word == "(" and tokens[index - 2].word in _AGGREGATES)


def _is_bound_lookup(tokens: list[Token]) -> bool:
    """WHERE … = ? with a placeholder: the login code of an application, which reads one row."""
    where = next((index for index, token in enumerate(tokens) if token.word == "WHERE"), len(tokens))
    is_bound = any(
        token.word == "="
        and index + 1 < len(tokens)
        and (tokens[index + 1].kind is Kind.PARAMETER or tokens[index + 1].word == "?")
        for index, token in enumerate(tokens[where:], where)
    )
    return is_bound and not any(token.word in ("OR", "UNION") for token in tokens)


def _source(lexer: Lexer, tokens: list[Token], index: int, name: str, found: set[str]) -> None:
    raw = name.encode("latin-1")
    following = tokens[index + 1 : index + 5]
    path = name.upper() + "".join(lexer.text(token).upper().strip('"`[]') for token in following if token.glued)
    is_path = bool(following) and following[0].word == "." and following[0].glued
    if path.startswith(_CREDENTIAL_PATHS) or (not is_path and _CREDENTIAL_TABLES.fullmatch(raw) is not None):
        found.add("credentials")
    elif path.startswith(_CATALOG_PATHS) or _CATALOGS.fullmatch(raw) is not None:
        found.add("catalog")


def _functions(lexer: Lexer, tokens: list[Token], found: set[str]) -> None:
    for index, token in enumerate(tokens):
        if token.kind is not Kind.WORD:
            continue
        word = token.word
        risk = _FUNCTIONS.get(word)
        following = tokens[index + 1].word if index + 1 < len(tokens) else ""
        if risk and following in ("(", "."):
            if word not in _ONLY_WITH_PAYLOAD or _has_payload(lexer, tokens, index):
                found.add(risk)
        elif word in ("OUTFILE", "DUMPFILE") and index and tokens[index - 1].word == "INTO":
            found.add("file")
        elif word == "WAITFOR" and following in ("DELAY", "TIME"):
            found.add("delay")


def _has_payload(lexer: Lexer, tokens: list[Token], index: int) -> bool:
    """A subquery, a concatenation or a hex marker among the arguments."""
    return any(
        token.word in ("SELECT", "CONCAT", "CONCAT_WS", "||") or lexer.text(token).lower().startswith("0x")
        for token in tokens[index + 1 : index + 12]
    )


def _injection(lexer: Lexer, tokens: list[Token], found: set[str]) -> None:
    for index, token in enumerate(tokens):
        if token.word in ("OR", "||") and _is_tautology(lexer, tokens, index + 1):
            found.add("tautology")
        elif token.word == "UNION" and "union" not in found and _is_foreign_union(tokens, index):
            found.add("union")
    if _has_cut_comment(lexer, tokens):
        found.add("comment")
    if sum(token.word in ("CHAR", "CHR", "NCHAR") and _next(tokens, index) == "(" for index, token in enumerate(tokens)) >= 4:
        found.add("obfuscation")


def _next(tokens: list[Token], index: int) -> str:
    return tokens[index + 1].word if index + 1 < len(tokens) else ""


def _is_tautology(lexer: Lexer, tokens: list[Token], index: int) -> bool:
    """A comparison of two constants, or a bare TRUE or 1, behind OR."""
    while index < len(tokens) and tokens[index].word in ("(", "NOT"):
        index += 1
    if index >= len(tokens):
        return False
    left = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or following.word in (")", ";", "OR", "ORDER", "LIMIT"):
        return left.word == "TRUE" or lexer.text(left) == "1"
    if following.word not in _COMPARISONS or index + 2 >= len(tokens):
        return False
    right = tokens[index + 2]
    if left.kind in _CONSTANTS and right.kind in _CONSTANTS:
        return True
    return left.kind is Kind.WORD and following.word == "=" and left.word == right.word and _next(tokens, index + 2) != "."


def _is_foreign_union(tokens: list[Token], index: int) -> bool:
    """The second SELECT probes for the number of columns, or reads variables and constants only."""
    at = index + 1
    while at < len(tokens) and tokens[at].word in ("ALL", "DISTINCT", "(", "SELECT"):
        at += 1
    body = tokens[at : at + _UNION_TOKENS]
    if any(token.word == "FROM" for token in body):
        body = body[: next(i for i, token in enumerate(body) if token.word == "FROM")]
        return any(token.word in ("@@VERSION", "VERSION", "CURRENT_USER") for token in body)
    values = [token for token in body if token.word not in (",", "(", ")", ";")]
    nulls = sum(token.word == "NULL" for token in values)
    numbers = sum(token.kind is Kind.NUMBER for token in values)
    return len(values) >= 2 and (nulls >= 2 or numbers >= 3) and nulls + numbers >= len(values) - 3


def _has_cut_comment(lexer: Lexer, tokens: list[Token]) -> bool:
    """A comment directly behind a string that swallows the rest of a condition: `name = 'admin'--' AND password = …`."""
    ends = {token.end for token in tokens if token.kind is Kind.STRING}
    return any(
        (start in ends or start - 1 in ends) and lexer.comment_text(start, end).strip("-# ;")[:1] in ("'", '"')
        for start, end in lexer.comments
    )
