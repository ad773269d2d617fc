"""The guard network: a BERT body of a few layers over frozen word embeddings, attention pooling per task, four heads.

Written in plain torch so that the body can be exported with embeddings as its input: the table of word embeddings is shared by
every model of the project and never becomes part of the graph.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from training.guard.targets import KINDS, TOXIC_OUTPUTS

TASKS = ("injection", "agent", "toxic")
"""One pooling query each; the kind of an injection is read from the injection's pooled vector."""

PRUNED_MASK = -10_000.0

RARE = -3.0
"""First bias of the toxic outputs: each is rare, and nine even odds would add up to certainty."""


@dataclass(frozen=True, slots=True)
class BodyShape:
    """Sizes of the network. `layers` counts from the input side of the twelve-layer encoder."""

    layers: int = 6
    hidden: int = 384
    heads: int = 12
    feed_forward: int = 1536
    positions: int = 512
    dropout: float = 0.1
    pooling: str = "attention"


class Block(nn.Module):
    """A post-norm transformer layer, as in BERT."""

    def __init__(self, shape: BodyShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.hidden, shape.hidden)
        self.key = nn.Linear(shape.hidden, shape.hidden)
        self.value = nn.Linear(shape.hidden, shape.hidden)
        self.attended = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.widen = nn.Linear(shape.hidden, shape.feed_forward)
        self.narrow = nn.Linear(shape.feed_forward, shape.hidden)
        self.output_norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        batch, tokens, hidden = states.shape
        size = hidden // self.heads

        def split(projected: Tensor) -> Tensor:
            return projected.view(batch, tokens, self.heads, size).transpose(1, 2)

        query, key, value = split(self.query(states)), split(self.key(states)), split(self.value(states))
        scores = torch.matmul(query, key.transpose(-1, -2)) * size**-0.5 + bias
        mixed = torch.matmul(torch.softmax(scores, dim=-1), value).transpose(1, 2).reshape(batch, tokens, hidden)
        states = self.attention_norm(states + self.dropout(self.attended(mixed)))
        return self.output_norm(states + self.dropout(self.narrow(functional.gelu(self.widen(states)))))


class GuardBody(nn.Module):
    """From word embeddings to logits. Inputs: embeddings [batch, tokens, hidden], mask [batch, tokens] of ones and zeros."""

    def __init__(self, shape: BodyShape) -> None:
        super().__init__()
        self.shape = shape
        self.position = nn.Embedding(shape.positions, shape.hidden)
        self.token_type = nn.Parameter(torch.zeros(shape.hidden))
        self.input_norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.queries = nn.Parameter(torch.zeros(len(TASKS), shape.hidden))
        self.injection = nn.Linear(shape.hidden, 1)
        self.agent = nn.Linear(shape.hidden, 1)
        self.toxic = nn.Linear(shape.hidden, len(TOXIC_OUTPUTS))
        self.kind = nn.Linear(shape.hidden, len(KINDS))

    def forward(self, embeddings: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits: injection [batch], agent [batch], toxic [batch, outputs], kind [batch, kinds]."""
        places = self.position.weight[: embeddings.shape[1]]
        states = self.dropout(self.input_norm(embeddings + places + self.token_type))
        bias = (1.0 - mask)[:, None, None, :] * PRUNED_MASK
        for block in self.blocks:
            states = block(states, bias)
        pooled = self.pool(states, mask)
        injection, agent, toxic = (self.dropout(pooled[:, task]) for task in range(len(TASKS)))
        return self.injection(injection)[:, 0], self.agent(agent)[:, 0], self.toxic(toxic), self.kind(injection)

    def pool(self, states: Tensor, mask: Tensor) -> Tensor:
        """One vector per task, [batch, tasks, hidden]. With queries at zero, as at the start, this is the mean. The scores
        are not
        scaled down: a query must be able to single out one sentence after few steps."""
        scores = torch.matmul(states, self.queries.t()).transpose(1, 2)
        weights = torch.softmax(scores + (1.0 - mask)[:, None, :] * PRUNED_MASK, dim=-1)
        return torch.matmul(weights, states)


class Guard(nn.Module):
    """The body together with its frozen table of word embeddings."""

    def __init__(self, words: Tensor, shape: BodyShape) -> None:
        super().__init__()
        self.body = GuardBody(shape)
        self.register_buffer("words", words, persistent=False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.body(functional.embedding(ids, self.words), mask)


NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attended",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "widen",
    "output.dense": "narrow",
    "output.LayerNorm": "output_norm",
}


def load_words(encoder: Path) -> Tensor:
    """The word embeddings of an encoder folder as float32, [vocabulary, hidden]."""
    return load_file(str(encoder / "model.safetensors"))["embeddings.word_embeddings.weight"].float()


def read_encoder(encoder: Path, layers: int, dropout: float) -> tuple[Tensor, BodyShape, dict[str, Tensor]]:
    """Word embeddings, shape, and the weights of the first `layers` layers under this project's names."""
    config = json.loads((encoder / "config.json").read_text())
    weights = {name: value.float() for name, value in load_file(str(encoder / "model.safetensors")).items()}
    shape = BodyShape(
        layers=layers,
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        feed_forward=config["intermediate_size"],
        positions=config["max_position_embeddings"],
        dropout=dropout,
    )
    state = {
        "position.weight": weights["embeddings.position_embeddings.weight"],
        "token_type": weights["embeddings.token_type_embeddings.weight"][0],
        "input_norm.weight": weights["embeddings.LayerNorm.weight"],
        "input_norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for layer in range(layers):
        for theirs, ours in NAMES.items():
            for part in ("weight", "bias"):
                state[f"blocks.{layer}.{ours}.{part}"] = weights[f"encoder.layer.{layer}.{theirs}.{part}"]
    return weights["embeddings.word_embeddings.weight"], shape, state


def from_encoder(encoder: Path, layers: int, dropout: float = 0.1) -> Guard:
    """A guard whose body starts from the first `layers` layers of an encoder folder and whose heads start at zero."""
    words, shape, state = read_encoder(encoder, layers, dropout)
    guard = Guard(words, shape)
    missing, unexpected = guard.body.load_state_dict(state, strict=False)
    if unexpected or any(name.startswith("blocks") for name in missing):
        raise ValueError("the encoder folder does not match the guard's body")
    for head in (guard.body.injection, guard.body.agent, guard.body.toxic, guard.body.kind):
        nn.init.normal_(head.weight, std=0.02)
        nn.init.zeros_(head.bias)
    nn.init.constant_(guard.body.toxic.bias, RARE)
    return guard


def describe(shape: BodyShape) -> dict[str, object]:
    """The shape as plain values, for checkpoints and the model card."""
    return asdict(shape)
