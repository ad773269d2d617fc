"""Measures the detector on folders of labelled texts: `python measure.py POOLS`. The pools are not part of the repository.

Every statement is scanned in five carriers; benign texts as they are. Samples are seeded.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.database_security import SPEC
from scangate.detectors.database_security.options import DatabaseSecurityOptions, OperationRule
from scangate.domain.content import Part
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, PartKind, Severity, Side
from scangate.matching.prepare import prepare

CARRIERS = {
    "bare": "{}",
    "fence": "Here is the query you asked for:\n\n```sql\n{}\n```\nLet me know.",
    "prose": "I will run this now: {}",
    "tag": "<sql>{}</sql>",
    "arguments": "",
}
WORDS = ("select", "update", "delete", "drop", "create", "insert", "grant", "where", "from", "execute", "truncate", "merge")
RULE = OperationRule(action=Action.BLOCK, severity=Severity.HIGH)
RESOURCES = Resources()
RISKY = SPEC.compile(DatabaseSecurityOptions(create=RULE, read=RULE, update=RULE, delete=RULE, plain_reads=False), RESOURCES)
EVERYTHING = SPEC.compile(DatabaseSecurityOptions(create=RULE, read=RULE, update=RULE, delete=RULE), RESOURCES)
"""With the plain reads, as a profile that blocks `database-security-read`."""


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines.read().split("\n") if line.strip()]


def found(text: str, kind: PartKind = PartKind.TEXT, detector: CompiledDetector = RISKY) -> list[Finding]:
    part = Part(Side.RESPONSE, kind, text)
    return list(detector.detect(Subject(part, prepare(text, kind))))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def statements(path: Path) -> None:
    """Per carrier: reported as its operation, and flagged, of those that write or are labelled dangerous."""
    for name, carrier in CARRIERS.items():
        count: Counter[str] = Counter()
        for row in rows(path):
            operation = row.get("subtype")
            if operation not in ("create", "read", "update", "delete"):
                continue
            if name == "arguments":
                findings = found(json.dumps({"arguments": {"query": row["text"]}}), PartKind.JSON)
            else:
                findings = found(carrier.replace("{}", row["text"]))
            count[f"{operation} all"] += 1
            count[f"{operation} found"] += any(finding.category.endswith(operation) for finding in findings)
            if row.get("danger"):
                count["danger all"] += 1
                count["danger flagged"] += any(finding.flagged for finding in findings)
        say(path.name, name, dict(sorted(count.items())))


def sentences(path: Path) -> None:
    """Writes in the middle of a sentence, as written and in lower case, without a semicolon."""
    texts = [row["text"].rstrip(";") for row in rows(path) if row["subtype"] in ("create", "update", "delete")]
    for name, chosen in (("as written", texts), ("lower case", [text.lower() for text in texts])):
        hits = sum(any(item.flagged for item in found(f"Then I will {text} and report back to you.")) for text in chosen)
        say(path.name, "mid-sentence,", name, hits, "of", len(chosen))


def payloads(path: Path) -> None:
    for name, carrier in (("bare", "{}"), ("prose", "The form got id={}")):
        texts = [row["text"] for row in rows(path)]
        hits = sum(any(finding.flagged for finding in found(carrier.replace("{}", text))) for text in texts)
        say(path.name, name, hits, "of", len(texts))


def benign(name: str, texts: Iterable[str], most: int, kind: PartKind = PartKind.TEXT) -> None:
    chosen = list(texts)
    chosen = chosen if len(chosen) <= most else random.Random(7).sample(chosen, most)
    flagged = [
        sum(any(finding.flagged for finding in found(text, kind, detector)) for text in chosen)
        for detector in (RISKY, EVERYTHING)
    ]
    say("benign", name, "flagged", flagged[0], "with plain reads", flagged[1], "of", len(chosen))


def main(pools: Path) -> None:
    for name in ("sql_generated_risky_and_safe", "nosql_cypher_redis_and_lookalikes", "sql_statements_sqlglot"):
        statements(pools / "sql" / f"{name}.jsonl.gz")
    sentences(pools / "sql" / "sql_generated_risky_and_safe.jsonl.gz")
    payloads(pools / "sql" / "sql_injection_payloads.jsonl.gz")
    for name in ("clinc150_train", "banking77_train"):
        benign(name, (row["text"] for row in rows(pools / "topic" / f"{name}.jsonl.gz")), 20_000)
    languages: dict[str, list[str]] = {}
    for row in rows(pools / "topic" / "sib200_train.jsonl.gz"):
        languages.setdefault(row["lang"], []).append(row["text"])
    for language, texts in sorted(languages.items()):
        benign(f"sib200 {language}", texts, 1000)
    for name in ("train", "train2"):
        texts = [row["text"] for row in rows(pools / "injection" / f"{name}.jsonl.gz") if row["label"] == "benign"]
        benign(f"{name}, with one of the words", (text for text in texts if any(word in text.lower() for word in WORDS)), 5000)
    benign("numbers", (row["text"] for row in rows(pools / "dlp" / "benign_numeric.jsonl.gz")), 20_000)
    for path in sorted((pools / "code").glob("*benign*.jsonl.gz")):
        benign(path.name, (row["code"][:20_000] for row in rows(path)), 400, PartKind.CODE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
