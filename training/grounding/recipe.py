"""What a round of training is made of: quotas by source, seeded; new rows of a file are in the next round."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from training.grounding import sources
from training.grounding.pairs import Pair

QUOTAS = {
    "written": 600, "own_written": 2000, "own_short": 2600, "mnli": 1000, "jnli": 200, "begin": 250, "squad_it": 250, "jsquad": 250,
    "pubmedqa": 80, "composed": 800,
}  # fmt: skip
"""Rows of a round by source; a source with fewer rows repeats them once."""

DEV_SHARE = {
    "written": 40,
    "own_written": 8,
    "own_short": 8,
    "mnli": 6,
    "jnli": 10,
    "begin": 15,
    "squad_it": 4,
    "jsquad": 4,
    "pubmedqa": 10,
    "composed": 4,
}
"""Percent of a source's groups that are never trained on."""
DEV_MOST = 500


@dataclass(frozen=True, slots=True)
class Recipe:
    pools: Path
    seed: int

    def round(self, number: int) -> list[Pair]:
        """The rows of one round, in random order."""
        rng = random.Random(f"{self.seed}:{number}")
        chosen: list[Pair] = []
        for source, pairs in self._sources(rng).items():
            kept = [pair for pair in pairs if not sources.is_dev(pair, DEV_SHARE[source])]
            rng.shuffle(kept)
            quota = min(QUOTAS[source], 2 * len(kept))
            chosen += [kept[at % len(kept)] for at in range(quota)]
        rng.shuffle(chosen)
        return [sources.shortened_passage(pair, rng) for pair in chosen]

    def dev(self) -> list[Pair]:
        rng = random.Random(f"{self.seed}:dev")
        held: list[Pair] = []
        for source, pairs in self._sources(rng).items():
            kept = [pair for pair in pairs if sources.is_dev(pair, DEV_SHARE[source])]
            held += kept if source.startswith(("written", "own_")) else rng.sample(kept, min(DEV_MOST, len(kept)))
        return [sources.shortened_passage(pair) for pair in held]

    def _sources(self, rng: random.Random) -> dict[str, list[Pair]]:
        folder = self.pools / "grounding"
        texts = sources.documents(self.pools)
        made: dict[str, Callable[[], Iterable[Pair]]] = {
            "written": lambda: sources.written(self.pools / "written" / "grounding.jsonl.gz", "written", rng),
            "own_written": lambda: sources.written(sources.OWN / "grounding.jsonl", "own_written", rng),
            "own_short": lambda: sources.written(sources.OWN / "grounding_short.jsonl", "own_short", rng),
            "mnli": lambda: sources.inference(folder / "nli_mnli_en_9k.jsonl.gz", "mnli"),
            "jnli": lambda: sources.inference(folder / "nli_jnli_ja_valid.jsonl.gz", "jnli"),
            "begin": lambda: sources.answered(folder / "begin_v1_wow.jsonl.gz", "begin", rng),
            "squad_it": lambda: sources.answered(folder / "squad_it_constructed.jsonl.gz", "squad_it", rng),
            "jsquad": lambda: sources.answered(folder / "jsquad_ja_constructed.jsonl.gz", "jsquad", rng),
            "pubmedqa": lambda: sources.answered(folder / "pubmedqa_constructed.jsonl.gz", "pubmedqa", rng),
            "composed": lambda: sources.composed(texts, rng, QUOTAS["composed"] * 2),
        }
        return {source: list(make()) for source, make in made.items()}


def describe(pairs: list[Pair]) -> dict[str, int]:
    """Rows by source and verdict."""
    return {
        f"{source}:{verdict}": count for (source, verdict), count in sorted(Counter((p.source, p.verdict) for p in pairs).items())
    }
