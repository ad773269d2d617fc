"""Fine-tunes the grounding model on a CPU. Checkpoints often; a stopped run goes on with the next round.

python -m training.grounding.train --pools DIR --encoder DIR --out DIR [--tokens 4000000] [--threads 1] [--stop-at 02:20]
python -m training.grounding.train --out DIR --resume
"""

from __future__ import annotations

import argparse
import os
import random
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.grounding import batches, scoring
from training.grounding.model import Grounding, from_encoder
from training.grounding.pairs import SUPPORTED, UNSUPPORTED, Pair
from training.grounding.recipe import Recipe, describe
from training.guard.batches import load_tokenizer
from training.guard.train import next_time, rate_factor
from training.run_files import CHECKPOINT, append_log, write_checkpoint

_NEW = ("marked.", "queries", "joined.", "verdicts.")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of; kept in its checkpoint. Rates are per step, budgets in tokens without padding."""

    pools: str
    encoder: str
    layers: int = 6
    tokens: int = 4_000_000
    batch_tokens: int = 2048
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    warm_up: float = 0.04
    fall: float = 0.3
    decay: float = 0.01
    dropout: float = 0.1
    clip: float = 1.0
    average: float = 0.997
    seed: int = 20261127
    save_minutes: float = 4.0
    eval_minutes: float = 20.0


@dataclass(slots=True)
class Run:
    settings: Settings
    out: Path
    grounding: Grounding
    optimizer: torch.optim.AdamW
    averaged: dict[str, Tensor]
    progress: dict[str, int] = field(default_factory=lambda: {"round": 0, "steps": 0, "tokens": 0})

    def log(self, event: str, **values: object) -> None:
        append_log(self.out, event, values)

    def save(self) -> None:
        """Writes the checkpoint in one step: a reader sees the old one or the new one."""
        state = {
            "settings": asdict(self.settings), "progress": self.progress, "body": self.grounding.body.state_dict(),
            "averaged": self.averaged, "optimizer": self.optimizer.state_dict(),
        }  # fmt: skip
        write_checkpoint(self.out, state)


def start(settings: Settings, out: Path) -> Run:
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    grounding = from_encoder(Path(settings.encoder), settings.layers, settings.dropout)
    averaged = {name: value.clone() for name, value in grounding.body.state_dict().items()}
    return Run(settings, out, grounding, optimizer_of(grounding, settings), averaged)


def load(out: Path, changes: dict[str, object]) -> Run:
    """The run in `out`, with changed settings where `changes` has them."""
    state = torch.load(out / CHECKPOINT, weights_only=True)
    run = start(replace(Settings(**state["settings"]), **changes), out)  # type: ignore[arg-type]
    run.grounding.body.load_state_dict(state["body"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.averaged, run.progress = state["averaged"], state["progress"]
    run.progress["round"] += 1  # what is left of the round in progress gives way to the newest rows
    return run


def load_averaged(out: Path) -> tuple[Grounding, Settings, dict[str, int]]:
    """The averaged weights of a run as a network in evaluation mode, its settings, its progress."""
    state = torch.load(out / CHECKPOINT, weights_only=True)
    settings = Settings(**state["settings"])
    grounding = from_encoder(Path(settings.encoder), settings.layers, settings.dropout)
    grounding.body.load_state_dict(state["averaged"])
    return grounding.eval(), settings, state["progress"]


def optimizer_of(grounding: Grounding, settings: Settings) -> torch.optim.AdamW:
    """What is new learns faster than the body; biases and norms are not decayed."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in grounding.body.named_parameters():
        groups.setdefault((name.startswith(_NEW), parameter.ndim > 1), []).append(parameter)
    rates = {True: settings.head_rate, False: settings.rate}
    return torch.optim.AdamW(
        [
            {"params": members, "lr": rates[new], "peak": rates[new], "weight_decay": settings.decay if matrix else 0.0}
            for (new, matrix), members in groups.items()
        ]
    )


def loss(logits: Tensor, pairs: list[Pair]) -> Tensor:
    """Cross-entropy; of rows that are only known to be unsupported, that of "not supported"; and the order of twins."""
    logs = functional.log_softmax(logits, dim=-1)
    verdicts = torch.tensor([pair.verdict for pair in pairs])
    weights = torch.tensor([pair.weight for pair in pairs])
    unsupported = torch.logsumexp(logs[:, SUPPORTED + 1 :], dim=-1)
    chosen = logs.gather(1, verdicts.clamp(min=0)[:, None])[:, 0]
    each = -(torch.where(verdicts == UNSUPPORTED, unsupported, chosen) * weights).sum() / weights.sum()
    return each + ranking(logs, pairs)


def ranking(logs: Tensor, pairs: list[Pair]) -> Tensor:
    """Of twins, the true one must be supported more: what both share, which is nearly all of them, teaches nothing then."""
    odds = logs[:, SUPPORTED] - torch.logsumexp(logs[:, SUPPORTED + 1 :], dim=-1)
    sides: dict[tuple[str, int], dict[bool, int]] = {}
    for at, pair in enumerate(pairs):
        if pair.twin >= 0:
            sides.setdefault((pair.source, pair.twin), {})[pair.verdict == SUPPORTED] = at
    both = [found for found in sides.values() if len(found) == 2]
    if not both:
        return logs.new_zeros(())
    gaps = odds[[found[True] for found in both]] - odds[[found[False] for found in both]]
    return functional.softplus(-gaps).mean() * len(both) * 2 / len(pairs)


def step(run: Run, batch: batches.Batch) -> float:
    settings, progress = run.settings, run.progress
    factor = rate_factor(progress["tokens"] / settings.tokens, settings.warm_up, settings.fall)
    for group in run.optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    total = loss(run.grounding(batch.ids, batch.marks, batch.mask), batch.pairs)
    run.optimizer.zero_grad(set_to_none=True)
    total.backward()
    torch.nn.utils.clip_grad_norm_(run.grounding.body.parameters(), settings.clip)
    run.optimizer.step()
    progress["steps"] += 1
    progress["tokens"] += batch.tokens
    keep = min(settings.average, (1 + progress["steps"]) / (10 + progress["steps"]))
    with torch.no_grad():
        for name, value in run.grounding.body.state_dict().items():
            run.averaged[name].lerp_(value, 1.0 - keep)
    return float(total.detach())


def predict(grounding: Grounding, samples: list[batches.Sample], budget: int = 4096) -> np.ndarray:
    """Logits [samples, verdicts], in the order of the samples."""
    order = sorted(range(len(samples)), key=lambda at: len(samples[at].ids))
    found = []
    with torch.inference_mode():
        for packed in batches.packed([samples[at] for at in order], budget):
            batch = batches.collate(packed)
            found.append(grounding(batch.ids, batch.marks, batch.mask).numpy())
    logits: np.ndarray = np.concatenate(found)[np.argsort(np.array(order))]
    return logits


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return chances


def evaluate(run: Run, dev: list[batches.Sample]) -> None:
    grounding = from_encoder(Path(run.settings.encoder), run.settings.layers)
    grounding.body.load_state_dict(run.averaged)
    chances = softmax(predict(grounding.eval(), dev))
    run.log("dev", tokens=run.progress["tokens"], **scoring.report([sample.pair for sample in dev], chances))


def train(run: Run, deadline: datetime | None) -> None:
    """Trains until the token budget or the deadline is reached. The last thing written is always a checkpoint."""
    settings, progress = run.settings, run.progress
    recipe = Recipe(Path(settings.pools), settings.seed)
    tokenizer = load_tokenizer(Path(settings.encoder))
    dev = batches.tokenise(recipe.dev(), tokenizer)
    run.log("start", settings=asdict(settings), progress=progress, dev=describe([sample.pair for sample in dev]))
    run.grounding.train()
    saved = evaluated = logged = time.perf_counter()
    seconds, begun = 0.0, progress["tokens"]
    while progress["tokens"] < settings.tokens:
        pairs = recipe.round(progress["round"])
        planned = batches.plan(batches.tokenise(pairs, tokenizer), settings.batch_tokens, random.Random(progress["round"]))
        run.log("round", number=progress["round"], batches=len(planned), rows=describe(pairs))
        for samples in planned:
            began = time.perf_counter()
            value = step(run, batches.collate(samples))
            now = time.perf_counter()
            seconds += now - began
            if now - logged > 20:
                speed = round((progress["tokens"] - begun) / seconds)
                run.log("step", **progress, loss=round(value, 4), speed=speed)
                logged = now
            if deadline and datetime.now(UTC) >= deadline:
                run.save()
                evaluate(run, dev)
                return
            if now - saved > settings.save_minutes * 60:
                run.save()
                saved = now
            if now - evaluated > settings.eval_minutes * 60:
                evaluate(run, dev)
                evaluated = time.perf_counter()
            if progress["tokens"] >= settings.tokens:
                break
        progress["round"] += 1
    run.save()
    evaluate(run, dev)
    run.log("finished", **progress)


def main() -> None:
    options = argparse.ArgumentParser(description="Fine-tunes the grounding model; see the module's text.")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--pools", default=os.environ.get("SCANGATE_POOLS"))
    options.add_argument("--encoder", default=os.environ.get("SCANGATE_ENCODER"))
    options.add_argument("--resume", action="store_true")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--stop-at", help="UTC, HH:MM: saves and stops then")
    numbers = {"tokens": int, "layers": int, "batch-tokens": int, "rate": float, "seed": int, "eval-minutes": float}
    for name, kind in numbers.items():
        options.add_argument(f"--{name}", type=kind)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    names = ["pools", "encoder", *(name.replace("-", "_") for name in numbers)]
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.resume and (arguments.out / CHECKPOINT).exists():
        run = load(arguments.out, given)
    elif "pools" in given and "encoder" in given:
        run = start(Settings(**given), arguments.out)
    else:
        raise SystemExit("--pools and --encoder (or SCANGATE_POOLS and SCANGATE_ENCODER) are needed for a new run")
    train(run, next_time(arguments.stop_at) if arguments.stop_at else None)


if __name__ == "__main__":
    main()
