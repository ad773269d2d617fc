"""Figures of form and model together, on scores by a model that has not seen the URL's registered domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from scangate.detectors.malicious_urls.form import FLAG_SCORE, FormJudge
from training.urls.pools import Row


def tell(rows: Sequence[Row], scores: NDArray[np.float64], judge: FormJudge, flag: float, suspect: float) -> None:
    """Shares flagged and suspected by source, the area under the curve, and the worst mistakes by hash."""
    form = np.array(
        [sign is not None and sign.score >= FLAG_SCORE for sign in (judge.judge(row.match, row.parts) for row in rows)]
    )
    flagged = form | (scores >= flag)
    suspected = flagged | (scores >= suspect)
    groups: dict[tuple[bool, bool, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        for source in ("(all)", row.source):
            groups[row.malicious, row.composed, source].append(index)
    print("malicious  composed  source                             n  flagged  suspected")
    for (malicious, composed, source), places in sorted(groups.items()):
        shares = f"{flagged[places].mean():8.4f} {suspected[places].mean():10.4f}"
        print(f"{malicious!s:9}  {composed!s:8}  {source:28} {len(places):7} {shares}")
    listed = [index for index, row in enumerate(rows) if not row.composed]
    labels = [rows[index].malicious for index in listed]
    print(f"area under the curve, the model alone, URLs as listed: {roc_auc_score(labels, scores[listed]):.4f}")
    worst = sorted((index for index in listed if not rows[index].malicious), key=lambda index: -scores[index])
    print("benign, highest:", [(digest(rows[index]), rows[index].source, round(float(scores[index]), 4)) for index in worst[:10]])


def digest(row: Row) -> str:
    """A row by hash: no address of the pools is written down."""
    return blake2b((row.match.host.text + row.match.path).encode(), digest_size=5).hexdigest()
