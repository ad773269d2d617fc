"""The files of a training run: a log of JSON lines, and a checkpoint that a reader sees old or new, never half."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import torch

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


def append_log(out: Path, event: str, values: dict[str, object]) -> None:
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    with (out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": stamp, "event": event, **values}, ensure_ascii=False) + "\n")


def write_checkpoint(out: Path, state: dict[str, object]) -> None:
    temporary = out / (CHECKPOINT + ".part")
    torch.save(state, temporary)
    temporary.replace(out / CHECKPOINT)
