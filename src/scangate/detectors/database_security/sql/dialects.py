"""Which dialect a statement is written in, by words and marks that few dialects have.

A statement that any database would take is `generic`. Sources: the manuals of the databases named.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.sql.lexer import Kind, Lexer, Token

GENERIC: Final = "generic"

_TSQL, _MYSQL, _POSTGRES, _ORACLE, _SQLITE = "tsql", "mysql", "postgres", "oracle", "sqlite"
_SNOWFLAKE, _BIGQUERY, _CLICKHOUSE, _CQL, _SPARK, _DUCKDB, _PARTIQL = (
    "snowflake",
    "bigquery",
    "clickhouse",
    "cql",
    "spark",
    "duckdb",
    "partiql",
)
_WORDS: Final = {
    _TSQL: "TOP NVARCHAR GETDATE SYSDATETIME DATETIME2 UNIQUEIDENTIFIER NOLOCK WAITFOR OPENROWSET OPENQUERY NEWID ISNULL DATEADD DATEDIFF TRY_CONVERT "
    "TRY_CAST IIF CHARINDEX SYSOBJECTS IDENTITY CLUSTERED NONCLUSTERED COLUMNSTORE GO DENY SP_EXECUTESQL XP_CMDSHELL SP_CONFIGURE BULK RECONFIGURE",
    _MYSQL: "AUTO_INCREMENT ENGINE UNSIGNED DUPLICATE LOW_PRIORITY HIGH_PRIORITY DELAYED OUTFILE DUMPFILE INFILE SLEEP BENCHMARK LOAD_FILE "
    "GROUP_CONCAT STRAIGHT_JOIN SQL_CALC_FOUND_ROWS IFNULL DATE_FORMAT STR_TO_DATE FIND_IN_SET RLIKE LONGTEXT MEDIUMTEXT TINYINT "
    "EXTRACTVALUE UPDATEXML INNODB UTF8MB4 DEFINER ALGORITHM XOR DIV",
    _POSTGRES: "ILIKE RETURNING SERIAL BIGSERIAL JSONB TSVECTOR TSQUERY BYTEA PG_SLEEP PG_READ_FILE PG_LS_DIR PG_CATALOG PG_SHADOW PG_USER PG_TABLES LO_IMPORT LO_EXPORT "
    "PLPGSQL GENERATE_SERIES STRING_AGG TIMESTAMPTZ CONFLICT PROGRAM EXTENSION SUPERUSER NOSUPERUSER UNLOGGED CONCURRENTLY TABLESAMPLE JSONB_BUILD_OBJECT TO_TSVECTOR",
    _ORACLE: "VARCHAR2 NVARCHAR2 NUMBER DUAL ROWNUM SYSDATE SYSTIMESTAMP NVL NVL2 DECODE UTL_HTTP UTL_FILE UTL_INADDR DBMS_LOB DBMS_XMLGEN DBMS_SCHEDULER DBMS_JAVA CONNECT_BY_ROOT "
    "NOCYCLE PRIOR MINUS TABLESPACE SYSDBA ALL_TABLES USER_TABLES DBA_USERS V$VERSION V$SESSION BFILENAME JSON_OBJECTAGG PURGE TO_DATE LISTAGG",
    _SQLITE: "PRAGMA SQLITE_MASTER SQLITE_SCHEMA AUTOINCREMENT ATTACH DETACH GLOB RANDOMBLOB LOAD_EXTENSION ROWID STRFTIME WRITEFILE READFILE",
    _SNOWFLAKE: "VARIANT QUALIFY FLATTEN WAREHOUSE STAGE TRY_TO_NUMBER TIMESTAMP_NTZ TIMESTAMP_LTZ CLONE TRANSIENT PARSE_JSON OBJECT_CONSTRUCT TARGET_LAG UNDROP TERSE FILE_FORMAT",
    _BIGQUERY: "INT64 FLOAT64 BIGNUMERIC SAFE_CAST SAFE_DIVIDE UNNEST ARRAY_AGG FORMAT_DATE PARSE_DATE TIMESTAMP_TRUNC GENERATE_DATE_ARRAY ML _TABLE_SUFFIX",
    _CLICKHOUSE: "PREWHERE MERGETREE REPLICATEDMERGETREE NULLABLE LOWCARDINALITY FIXEDSTRING UINT64 UINT32 UINT8 UINT16 DATETIME64 TODATE TOSTARTOFMONTH ARRAYJOIN FINAL SETTINGS GLOBAL TOSTRING",
    _CQL: "KEYSPACE FILTERING TTL WRITETIME COUNTER SIMPLESTRATEGY NETWORKTOPOLOGYSTRATEGY TIMEUUID",
    _SPARK: "TBLPROPERTIES PARTITIONED DISTRIBUTE SERDE SERDEPROPERTIES LATERAL ORC PARQUET METASTORE OPTIMIZE ZORDER VACUUM DELTA MSCK EXPLODE COLLECT_LIST",
    _DUCKDB: "READ_CSV READ_PARQUET READ_JSON READ_TEXT READ_BLOB READ_CSV_AUTO PIVOT UNPIVOT ASOF LIST_VALUE STRUCT_PACK",
    _PARTIQL: "BEGINS_WITH ATTRIBUTE_TYPE",
}
_DIALECTS_OF: Final[dict[str, list[str]]] = {}
for _dialect, _text in _WORDS.items():
    for _word in _text.split():
        _DIALECTS_OF.setdefault(_word, []).append(_dialect)
_MARKS: Final = (
    (_POSTGRES, pattern(rb"::[a-z]|\$\w*\$|[^<>=!]~\*?\s*'|->>")),
    (_TSQL, pattern(rb"@@(?:version|servername|identity|rowcount|error)|\bn'[^']|\[dbo\]|\bdbo\.|\bexec(?:ute)?\s+(?:master|sp_|xp_|dbo)|\bmaster\.\.|\btop\s*\(?\s*\d|#\w+\s+\(")),
    (_MYSQL, pattern(rb"\blimit\s+\d+\s*,\s*\d+|/\*!\d*|\binto\s+(?:out|dump)file\b|\bshow\s+(?:processlist|engines|slave|replica|master)\b|\bon\s+duplicate\s+key\b")),
    (_ORACLE, pattern(rb"\(\+\)|\bconnect\s+by\b|\bfrom\s+dual\b|\bexecute\s+immediate\b|\bidentified\s+by\b|\binsert\s+(?:all|first)\s+when\b")),
    (_BIGQUERY, pattern(rb"`[\w-]+\.[\w-]+\.[\w*-]+`|\bstruct\s*<|\barray\s*<|\bexcept\s*\(\s*\w+\s*[,)]|\bcreate\s+model\b|\|>")),
    (_SNOWFLAKE, pattern(rb"\bcopy\s+into\b|\b(?:from|into)\s+@[\w%~]|\blateral\s+flatten\b|\bcreate\s+(?:or\s+replace\s+)?(?:stage|pipe|stream|task|warehouse|file\s+format)\b")),
    (_CLICKHOUSE, pattern(rb"\bengine\s*=\s*\w*(?:mergetree|log|memory|kafka|distributed)\b|\bon\s+cluster\b|\bformat\s+(?:tabseparated|jsoneachrow|csv|pretty)\b")),
    (_CQL, pattern(rb"\ballow\s+filtering\b|\busing\s+(?:ttl|timestamp)\s+\d|\bcreate\s+keyspace\b|\bclustering\s+order\s+by\b")),
    (_PARTIQL, pattern(rb"\bvalue\s*\{|\breturning\s+(?:all|modified)\s+(?:old|new)\b|^\s*update\s+\"[\w.-]+\"\s+(?:set|remove)\b|\bmissing\b")),
    (_SQLITE, pattern(rb"\binsert\s+or\s+(?:replace|ignore|abort)\b|\bwithout\s+rowid\b")),
    (_SPARK, pattern(rb"\blateral\s+view\b|\bstored\s+as\b|\binsert\s+overwrite\b|\bpartitioned\s+by\b|\busing\s+(?:delta|parquet|iceberg)\b|\brow\s+format\b")),
)  # fmt: skip
_STRONG: Final = 2


def dialect_of(lexer: Lexer, end: int) -> str:
    """The dialect of the tokens `[0, end)`: the one with most evidence, `generic` where there is none or two have the same."""
    tokens = [lexer.peek(index) for index in range(end)]
    votes: Counter[str] = Counter()
    for token in tokens:
        votes.update(_votes(lexer, token))
    data = lexer.comment_text(tokens[0].start, tokens[-1].end).encode("latin-1") if tokens else b""
    for dialect, mark in _MARKS:
        if mark.search(data) is not None:
            votes[dialect] += _STRONG
    best = votes.most_common(2)
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return GENERIC
    return best[0][0]


def _votes(lexer: Lexer, token: Token) -> list[str]:
    if token.kind is Kind.WORD:
        return _DIALECTS_OF.get(token.word, [])
    if token.kind is Kind.QUOTED:
        return {"`": [_MYSQL], "[": [_TSQL]}.get(lexer.text(token)[0], [])
    return []
