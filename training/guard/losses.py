"""The loss of all heads together. Unknown targets are masked; sources that only say 'toxic' train the chance that any output
is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.guard.targets import TOXIC_OUTPUTS, UNKNOWN, Row

WEIGHTS = {"injection": 1.0, "agent": 0.4, "toxic": 9.0, "any_toxic": 0.7, "kind": 0.2}
"""Share of each part in the sum. The toxic part is a mean over nine outputs of which at least eight are 0 in nearly every
row: with
a factor of 2 the first run learnt nothing there (look-alikes against harmful texts at 0.56 AUC)."""


def loss(logits: tuple[Tensor, Tensor, Tensor, Tensor], rows: Sequence[Row]) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum, and its parts for the log."""
    injection, agent, toxic, kind = logits
    weights = torch.tensor([row.weight for row in rows])
    parts = {
        "injection": binary(injection, torch.tensor([row.injection for row in rows]), weights),
        "agent": binary(agent, torch.tensor([row.agent for row in rows]), weights),
        "toxic": binary(toxic, torch.tensor([row.toxic for row in rows]), weights[:, None].expand(-1, len(TOXIC_OUTPUTS))),
        "any_toxic": any_output(toxic, torch.tensor([row.any_toxic for row in rows]), weights),
        "kind": choice(kind, torch.tensor([row.kind for row in rows])),
    }
    total = sum((WEIGHTS[name] * part for name, part in parts.items()), torch.zeros(()))
    return total, {name: round(float(part.detach()), 4) for name, part in parts.items()}


def binary(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the known targets; 0 when none is known."""
    known = (targets != UNKNOWN).float() * weights
    each = functional.binary_cross_entropy_with_logits(logits, targets.clamp(min=0.0), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1.0)


def any_output(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross entropy of 1 - prod(1 - p), the chance that at least one output holds."""
    none = functional.logsigmoid(-logits).sum(dim=1).clamp(max=-1e-6)
    known = (targets != UNKNOWN).float() * weights
    each = -(targets.clamp(min=0.0) * torch.log(-torch.expm1(none)) + (1 - targets.clamp(min=0.0)) * none)
    return (each * known).sum() / known.sum().clamp(min=1.0)


def choice(logits: Tensor, targets: Tensor) -> Tensor:
    known = targets >= 0
    return functional.cross_entropy(logits[known], targets[known]) if bool(known.any()) else logits.sum() * 0.0
