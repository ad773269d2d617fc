"""Reads what `train` wrote: the averaged weights of a run as a model, with the settings that it was made with."""

from __future__ import annotations

from pathlib import Path

import torch

from training.guard.model import Guard
from training.guard.train import Settings, with_weights
from training.run_files import CHECKPOINT


def load_averaged(run: Path) -> tuple[Guard, Settings, dict[str, object]]:
    """Model in evaluation mode, settings, progress."""
    state = torch.load(run / CHECKPOINT, weights_only=True)
    settings = Settings(**state["settings"])
    return with_weights(settings, state["averaged"]), settings, state["progress"]
