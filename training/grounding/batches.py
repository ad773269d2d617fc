"""Pairs to tensors: `<s> claim </s></s> passage </s>`, marks, batches of similar length under a token budget."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.grounding.model import MARKS
from training.grounding.pairs import SUPPORTED, Pair
from training.guard.batches import CHUNK, END, PAD, START

WINDOW = 192
CLAIM_MOST = 80


@dataclass(frozen=True, slots=True)
class Sample:
    """A pair as token ids [tokens] and marks [tokens, 2]."""

    ids: list[int]
    marks: np.ndarray
    pair: Pair


@dataclass(frozen=True, slots=True)
class Batch:
    ids: Tensor
    marks: Tensor
    mask: Tensor
    pairs: list[Pair]

    @property
    def tokens(self) -> int:
        """Padding not counted."""
        return int(self.mask.sum())


def joined(claim: Sequence[int], passage: Sequence[int]) -> tuple[list[int], np.ndarray]:
    """Ids and marks of a claim's and a passage's pieces. The start belongs to the claim."""
    claim = claim[:CLAIM_MOST]
    passage = passage[: WINDOW - 4 - len(claim)]
    ids = [START, *claim, END, END, *passage, END]
    marks = np.zeros((len(ids), MARKS), np.float32)
    marks[: len(claim) + 1, 0] = 1.0
    marks[1 : len(claim) + 1, 1] = np.isin(claim, passage)
    marks[len(claim) + 3 : -1, 1] = np.isin(passage, claim)
    return ids, marks


def tokenise(pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[Sample]:
    claims = tokenizer.encode_batch([pair.claim for pair in pairs], add_special_tokens=False)
    passages = tokenizer.encode_batch([pair.passage[:2000] for pair in pairs], add_special_tokens=False)
    return [Sample(*joined(claim.ids, passage.ids), pair) for claim, passage, pair in zip(claims, passages, pairs, strict=True)]


def collate(samples: Sequence[Sample]) -> Batch:
    width = max(len(sample.ids) for sample in samples)
    ids = np.full((len(samples), width), PAD, np.int64)
    mask = np.zeros((len(samples), width), np.float32)
    marks = np.zeros((len(samples), width, MARKS), np.float32)
    for at, sample in enumerate(samples):
        length = len(sample.ids)
        ids[at, :length], mask[at, :length], marks[at, :length] = sample.ids, 1.0, sample.marks
    return Batch(torch.from_numpy(ids), torch.from_numpy(marks), torch.from_numpy(mask), [sample.pair for sample in samples])


def packed(samples: Sequence[Sample], budget: int) -> list[list[Sample]]:
    """Consecutive samples, sorted by length, in batches of at most `budget` padded tokens."""
    return packed_units([[sample] for sample in samples], budget)


def plan(samples: Sequence[Sample], budget: int, rng: random.Random) -> list[list[Sample]]:
    """Batches in random order, each of samples of about one length; twins stay together, so that one can be held against the other."""
    order = units(samples)
    rng.shuffle(order)
    batches = []
    for first in range(0, len(order), CHUNK):
        near = sorted(order[first : first + CHUNK], key=lambda unit: max(len(sample.ids) for sample in unit))
        batches += packed_units(near, budget)
    rng.shuffle(batches)
    return batches


def units(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Twins as one unit each, every other sample as its own."""
    open_units: dict[tuple[str, int, bool], list[Sample]] = {}
    found: list[list[Sample]] = []
    for sample in samples:
        pair = sample.pair
        if pair.twin < 0:
            found.append([sample])
            continue
        other = open_units.pop((pair.source, pair.twin, pair.verdict != SUPPORTED), None)
        if other is not None:
            other.append(sample)
            continue
        unit = [sample]
        found.append(unit)
        open_units[(pair.source, pair.twin, pair.verdict == SUPPORTED)] = unit
    return found


def packed_units(ordered: Sequence[list[Sample]], budget: int) -> list[list[Sample]]:
    """As `packed`, without parting a unit."""
    batches: list[list[Sample]] = [[]]
    for unit in ordered:
        longest = max(len(sample.ids) for sample in unit)
        if batches[-1] and longest * (len(batches[-1]) + len(unit)) > budget:
            batches.append([])
        batches[-1] += unit
    return [batch for batch in batches if batch]
