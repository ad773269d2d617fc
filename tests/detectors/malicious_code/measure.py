"""Figures of the README: `python -m tests.detectors.malicious_code.measure POOLS [HALF] [EVERY]`.

POOLS is a folder of gzipped JSON lines with code, language, label, source and grp (near-duplicate cluster). Clusters are parted in two
halves by hash; of each cluster of the half (0 or 1, by default 1) one file counts. EVERY takes each so-manieth cluster only.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.malicious_code import SPEC
from scangate.detectors.malicious_code.options import MaliciousCodeOptions
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.inference.code_language import canonical
from scangate.matching.prepare import prepare


def rows(pools: Path, half: int, every: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(pools.glob("*.jsonl.gz")):
        seen = set()
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
            for line in stream:
                row = json.loads(line)
                number = int(hashlib.sha1(str(row["grp"]).encode()).hexdigest(), 16)
                if number % 2 == half and (number // 2) % every == 0 and row["grp"] not in seen:
                    seen.add(row["grp"])
                    yield path.name.removesuffix(".jsonl.gz"), row


def main() -> None:
    pools, half, every = Path(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]), int((sys.argv[3:] or ["1"])[0])
    detector = SPEC.compile(MaliciousCodeOptions(action=Action.BLOCK), Resources())
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    seconds, characters = 0.0, 0
    for pool, row in rows(pools, half, every):
        subject = Subject(Part(Side.RESPONSE, PartKind.TEXT, row["code"]), prepare(row["code"]))
        started = time.process_time()
        flagged = any(finding.flagged for finding in detector.detect(subject))
        seconds, characters = seconds + time.process_time() - started, characters + len(row["code"])
        count = counts[pool, canonical(row["language"]) or row["language"], row["label"]]
        count[0], count[1] = count[0] + 1, count[1] + flagged
    for (pool, language, label), (total, hits) in sorted(counts.items()):
        print(f"{pool:32} {language:12} {label:10} {hits:5} of {total:5}  {100 * hits / total:5.1f} %")  # noqa: T201
    print(f"{1e6 * seconds / characters:.2f} ms a thousand characters")  # noqa: T201


if __name__ == "__main__":
    main()
