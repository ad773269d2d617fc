"""The guard beside a peer on the same text, alternating in one process: a scan with all three heads against `stackone-defender`'s one task.

python -m load.peer CORES      # prints the medians of both in milliseconds, as JSON

The scan is the whole engine's: text preparation, rules, linear models, the guard, policy. The peer is its classifier alone. On one
core both have it to themselves; with more, the peer's runtime spreads one text over all of them, and a scan stays on one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

ROUNDS = 60
TEXT = (
    "Could you look at the two contracts in the shared folder and tell me which of them ends first, what the notice period is, "
    "and whether we may renew the older one by e-mail? The customer would like an answer before Thursday, so a short list is fine."
)
"""48 words: 64 tokens of the guard's tokenizer, about 55 of the peer's."""
HEADS = {
    "ai-security-profiles": [
        {
            "model-type": "default",
            "content-type": "text",
            "model-configuration": {
                "latency": {"inline-timeout-action": "block", "max-inline-latency": 5},
                "model-protection": [
                    {"name": "prompt-injection", "action": "block"},
                    {"name": "toxic-content", "action": "high:block, moderate:block"},
                ],
                "agent-protection": [{"name": "agent-security", "action": "block"}],
            },
        }
    ]
}


def beside_a_peer(cores: int) -> tuple[float, float]:
    """Median milliseconds of a scan and of the peer, in a process that may use so many cores."""
    out = subprocess.run([sys.executable, "-m", "load.peer", str(cores)], check=True, capture_output=True, text=True).stdout
    scan, peer = json.loads(out.splitlines()[-1])
    return scan, peer


def _measure() -> list[float]:
    from stackone_defender.classifiers.onnx_classifier import OnnxClassifier

    from scangate.detectors.contract import Resources
    from scangate.detectors.registry import REGISTRY
    from scangate.domain.content import Content, Part
    from scangate.domain.profile import parse_policy
    from scangate.domain.taxonomy import PartKind, Side
    from scangate.engine.pipeline import scan
    from scangate.engine.plan import compile_plan

    plan = compile_plan(parse_policy(HEADS), REGISTRY, Resources(), profile_id="p", profile_name="p", revision=1)
    content = Content((Part(Side.PROMPT, PartKind.TEXT, TEXT),))
    peer = OnnxClassifier()
    peer.load_model()
    asked: tuple[Callable[[], object], ...] = (lambda: scan(content, plan), lambda: peer.classify(TEXT))
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 5):
        for ask, times in zip(asked, took, strict=True):
            began = time.perf_counter()
            ask()
            if number >= 5:
                times.append(time.perf_counter() - began)
    return [round(sorted(times)[len(times) // 2] * 1000, 2) for times in took]


if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
    print(json.dumps(_measure()))
