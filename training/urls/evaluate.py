"""Figures of the model alone, on scores by a model that has not seen the URL's registered domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.urls.pools import Row


def tell(rows: Sequence[Row], scores: NDArray[np.float64], flag: float, suspect: float) -> None:
    """Shares flagged and suspected by source, the area under the curve, and the worst mistakes by hash."""
    groups: dict[tuple[bool, bool, str], list[float]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        groups[row.malicious, row.composed, row.source].append(score)
        groups[row.malicious, row.composed, "all"].append(score)
    print("malicious  composed  source                          n  flagged  suspected")
    for (malicious, composed, source), values in sorted(groups.items()):
        found = np.array(values)
        shares = f"{np.mean(found >= flag):8.4f} {np.mean(found >= suspect):10.4f}"
        print(f"{malicious!s:9}  {composed!s:8}  {source:28} {len(found):6} {shares}")
    listed = [index for index, row in enumerate(rows) if not row.composed]
    labels = [rows[index].malicious for index in listed]
    print(f"area under the curve, URLs as listed: {roc_auc_score(labels, scores[listed]):.4f}")
    benign = sorted(((scores[index], rows[index]) for index in listed if not rows[index].malicious), key=lambda one: -one[0])
    print("benign, highest:", [(digest(row), row.source, round(float(score), 4)) for score, row in benign[:20]])


def digest(row: Row) -> str:
    """A row by hash: no address of the pools is written down."""
    return blake2b((row.match.host.text + row.match.path).encode(), digest_size=5).hexdigest()
