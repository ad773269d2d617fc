"""The grounding network: the guard's kind of body over a claim and a passage, with one verdict for the pair.

Beside the words, every token carries two marks: whether it belongs to the claim, and whether the other side has the same piece.
What does not occur on the other side is where a minimal edit shows; a body of few layers finds it much sooner when told (the
"exact match" feature of Chen et al. 2017, arXiv:1704.00051, section 3.2).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.grounding.pairs import VERDICTS
from training.guard.model import PRUNED_MASK, Block, BodyShape, read_encoder

MARKS = 2
"""Columns of the marks: of the claim, matched."""


class PairBody(nn.Module):
    """From word embeddings and marks to logits of `VERDICTS`."""

    def __init__(self, shape: BodyShape) -> None:
        super().__init__()
        self.shape = shape
        self.position = nn.Embedding(shape.positions, shape.hidden)
        self.token_type = nn.Parameter(torch.zeros(shape.hidden))
        self.marked = nn.Linear(MARKS, shape.hidden, bias=False)
        self.input_norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.queries = nn.Parameter(torch.zeros(len(VERDICTS), shape.hidden))
        self.joined = nn.Linear(2 * shape.hidden, shape.hidden)
        self.verdicts = nn.Linear(shape.hidden, len(VERDICTS))

    def forward(self, embeddings: Tensor, marks: Tensor, mask: Tensor) -> Tensor:
        """Logits [batch, verdicts] of embeddings [batch, tokens, hidden], marks [batch, tokens, 2], mask [batch, tokens]."""
        places = self.position.weight[: embeddings.shape[1]]
        states = self.dropout(self.input_norm(embeddings + places + self.token_type + self.marked(marks)))
        bias = (1.0 - mask)[:, None, None, :] * PRUNED_MASK
        for block in self.blocks:
            states = block(states, bias)
        return self.judge(states, marks, mask)

    def judge(self, states: Tensor, marks: Tensor, mask: Tensor) -> Tensor:
        """One look over the claim's tokens for every verdict, joined with the pair's first token."""
        claim = marks[..., 0] * mask
        scores = torch.matmul(states, self.queries.t()).transpose(1, 2) + (1.0 - claim)[:, None, :] * PRUNED_MASK
        looks = torch.matmul(torch.softmax(scores, dim=-1), states)
        first = states[:, :1].expand(-1, looks.shape[1], -1)
        hidden = self.dropout(torch.tanh(self.joined(torch.cat([looks, first], dim=-1))))
        return (hidden * self.verdicts.weight).sum(-1) + self.verdicts.bias


class Grounding(nn.Module):
    """The body together with its frozen table of word embeddings."""

    def __init__(self, words: Tensor, shape: BodyShape) -> None:
        super().__init__()
        self.body = PairBody(shape)
        self.register_buffer("words", words, persistent=False)

    def forward(self, ids: Tensor, marks: Tensor, mask: Tensor) -> Tensor:
        return self.body(functional.embedding(ids, self.words), marks, mask)


def from_encoder(encoder: Path, layers: int, dropout: float = 0.1) -> Grounding:
    """A network whose body starts from the first `layers` layers of an encoder folder; marks and heads are new."""
    words, shape, state = read_encoder(encoder, layers, dropout)
    grounding = Grounding(words, shape)
    missing, unexpected = grounding.body.load_state_dict(state, strict=False)
    if unexpected or any(name.startswith("blocks") for name in missing):
        raise ValueError("the encoder folder does not match the grounding body")
    nn.init.normal_(grounding.body.marked.weight, std=0.02)
    nn.init.normal_(grounding.body.verdicts.weight, std=0.02)
    return grounding
