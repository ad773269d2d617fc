"""The body as the service runs it: one pair at a time, without batch and mask, with one product for query, key and value."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.grounding.model import PairBody
from training.guard.one_text import OneTextBlock


class OnePairBody(nn.Module):
    """From word embeddings [tokens, hidden] and marks [tokens, 2] to logits [1, verdicts]; the same function as `PairBody`."""

    def __init__(self, body: PairBody) -> None:
        super().__init__()
        self.position, self.token_type, self.marked, self.input_norm = (
            body.position,
            body.token_type,
            body.marked,
            body.input_norm,
        )
        self.blocks = nn.ModuleList(OneTextBlock(block, body.shape) for block in body.blocks)
        self.body = body

    def forward(self, embeddings: Tensor, marks: Tensor) -> Tensor:
        places = self.position.weight[: embeddings.shape[0]]
        states = self.input_norm(embeddings + places + self.token_type + self.marked(marks))
        for block in self.blocks:
            states = block(states)
        return self.body.judge(states[None], marks[None], torch.ones_like(marks[None, :, 0]))
