"""Rows to tensors: tokens cut to a window, batches of similar length under a token budget, in a seeded order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.guard.targets import Row

START, END, PAD = 0, 2, 1
CHUNK = 1536
"""Rows that are sorted by length together: large enough for little padding, small enough to keep the order random."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A row as token ids, start and end included."""

    ids: list[int]
    row: Row


@dataclass(frozen=True, slots=True)
class Batch:
    ids: Tensor
    mask: Tensor
    rows: list[Row]

    @property
    def tokens(self) -> int:
        """Padding not counted."""
        return int(self.mask.sum())


def load_tokenizer(encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder / "tokenizer.json"))


def tokenise(rows: Sequence[Row], tokenizer: Tokenizer, window: int, rng: random.Random, *, crop: str = "random") -> list[Sample]:
    """Cuts every row to at most `window` tokens. `crop` 'random' chooses the place as training wants it, 'head' takes the start
    or, where a row has a focus, the window around it."""
    samples = []
    texts = [row.text[: window * 40] if row.focus is None else row.text for row in rows]
    for row, encoding in zip(rows, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True):
        ids = encoding.ids
        room = window - 2
        if len(ids) > room:
            first = _first(row, encoding.offsets, room, rng, crop)
            ids = ids[first : first + room]
        samples.append(Sample([START, *ids, END], row))
    return samples


def _first(row: Row, offsets: list[tuple[int, int]], room: int, rng: random.Random, crop: str) -> int:
    """Index of the first token that is kept."""
    last = len(offsets) - room
    if row.focus is not None:
        start, end = row.focus
        inside = [at for at, (a, b) in enumerate(offsets) if b > start and a < end] or [0]
        lowest, highest = max(0, inside[-1] - room + 1), min(last, inside[0])
        if lowest >= highest:
            return max(0, min(last, inside[0]))
        return rng.randint(lowest, highest) if crop == "random" else (lowest + highest) // 2
    if crop == "head":
        return 0
    if row.is_attack:
        return 0 if rng.random() < 0.9 else last
    return 0 if rng.random() < 0.5 else rng.randint(0, last)


def collate(samples: Sequence[Sample]) -> Batch:
    width = max(len(sample.ids) for sample in samples)
    ids = np.full((len(samples), width), PAD, np.int64)
    mask = np.zeros((len(samples), width), np.float32)
    for at, sample in enumerate(samples):
        ids[at, : len(sample.ids)] = sample.ids
        mask[at, : len(sample.ids)] = 1.0
    return Batch(torch.from_numpy(ids), torch.from_numpy(mask), [sample.row for sample in samples])


def plan(samples: Sequence[Sample], budget: int, rng: random.Random, *, short_first: bool = False) -> list[list[Sample]]:
    """Batches of at most `budget` padded tokens, in random order. With `short_first` the shorter ones come rather earlier: many
    more rows per token while the heads are still new."""
    order = list(samples)
    rng.shuffle(order)
    batches = []
    for first in range(0, len(order), CHUNK):
        batches += packed(sorted(order[first : first + CHUNK], key=lambda sample: len(sample.ids)), budget)
    rng.shuffle(batches)
    if short_first:
        batches.sort(key=lambda batch: len(batch[-1].ids) * rng.uniform(0.3, 1.7))
    return batches


def packed(samples: Sequence[Sample], budget: int) -> list[list[Sample]]:
    """Consecutive samples, already sorted by length, in batches of at most `budget` padded tokens."""
    batches: list[list[Sample]] = [[]]
    for sample in samples:
        if batches[-1] and len(sample.ids) * (len(batches[-1]) + 1) > budget:
            batches.append([])
        batches[-1].append(sample)
    return [batch for batch in batches if batch]
