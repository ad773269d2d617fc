"""Fine-tunes the guard on a CPU. Checkpoints often, so that a run can be stopped at any moment and goes on exactly where it was.

  python -m training.guard.train --pools DIR --encoder DIR --out DIR [--tokens 3000000] [--threads 1] [--stop-at 02:20]
  python -m training.guard.train --out DIR --resume [--tokens 6000000]

`--init PLACE` starts a new run from the averaged weights of another one (its folder) or from an exported model (`guard.onnx`), with a
fresh optimiser.

`--pools` and `--encoder` may come from SCANGATE_POOLS and SCANGATE_ENCODER. The learning rate warms up, stays, and falls over the
last fifth of `--tokens`; a resumed run may be given a larger budget as long as the fall has not begun. When the rows have changed
since the checkpoint, the run goes on with the next round of the new rows.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.guard import batches, losses, scoring
from training.guard.exported import load_exported
from training.guard.model import Guard, from_encoder
from training.guard.recipe import Recipe
from training.guard.targets import Row
from training.run_files import CHECKPOINT, append_log, write_checkpoint


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of; kept in its checkpoint. Rates are per step, budgets in tokens without padding."""

    pools: str
    encoder: str
    layers: int = 6
    window: int = 160
    tokens: int = 3_000_000
    batch_tokens: int = 1536
    rate: float = 1.2e-4
    head_rate: float = 1e-3
    warm_up: float = 0.03
    fall: float = 0.2
    decay: float = 0.01
    dropout: float = 0.1
    clip: float = 1.0
    average: float = 0.997
    seed: int = 20261123
    save_minutes: float = 4.0
    eval_minutes: float = 35.0


@dataclass(slots=True)
class Progress:
    """Where a run stands. `digest` names the rows of the current round, `index` the next batch of it."""

    round: int = 0
    index: int = 0
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    digest: str = ""


@dataclass(slots=True)
class Run:
    """A run in memory."""

    settings: Settings
    out: Path
    guard: Guard
    optimizer: torch.optim.AdamW
    averaged: dict[str, Tensor]
    progress: Progress = field(default_factory=Progress)

    def log(self, event: str, **values: object) -> None:
        append_log(self.out, event, values)

    def save(self) -> None:
        """Writes the checkpoint in one step: a reader sees the old one or the new one."""
        state = {
            "settings": asdict(self.settings),
            "progress": asdict(self.progress),
            "body": self.guard.body.state_dict(),
            "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        write_checkpoint(self.out, state)

    def averaged_guard(self) -> Guard:
        """A copy in evaluation mode with the running average of the weights."""
        return with_weights(self.settings, self.averaged)


def with_weights(settings: Settings, weights: dict[str, Tensor]) -> Guard:
    guard = from_encoder(Path(settings.encoder), settings.layers, settings.dropout)
    guard.body.load_state_dict(weights)
    return guard.eval()


def start(settings: Settings, out: Path, init: Path | None = None) -> Run:
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    guard = from_encoder(Path(settings.encoder), settings.layers, settings.dropout)
    if init is not None and init.suffix == ".onnx":
        load_exported(guard.body, init)
    elif init is not None:
        guard.body.load_state_dict(torch.load(init / CHECKPOINT, weights_only=True)["averaged"])
    averaged = {name: value.clone() for name, value in guard.body.state_dict().items()}
    return Run(settings, out, guard, optimizer_of(guard, settings), averaged)


def load(out: Path, changes: dict[str, object]) -> Run:
    """The run in `out`, with changed settings where `changes` has them."""
    state = torch.load(out / CHECKPOINT, weights_only=True)
    settings = replace(Settings(**state["settings"]), **changes)  # type: ignore[arg-type]
    run = start(settings, out)
    run.guard.body.load_state_dict(state["body"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.averaged = state["averaged"]
    run.progress = Progress(**state["progress"])
    torch.set_rng_state(state["random"])
    return run


def finished(out: Path) -> bool:
    """Whether the run in `out` has used up its budget."""
    state = torch.load(out / CHECKPOINT, weights_only=True)
    return int(state["progress"]["tokens"]) >= int(state["settings"]["tokens"])


def optimizer_of(guard: Guard, settings: Settings) -> torch.optim.AdamW:
    """Heads and pooling learn faster than the body; biases and norms are not decayed."""
    new = ("injection.", "agent.", "toxic.", "kind.", "queries")
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in guard.body.named_parameters():
        groups.setdefault((name.startswith(new), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": settings.head_rate if is_new else settings.rate,
                "peak": settings.head_rate if is_new else settings.rate,
                "weight_decay": settings.decay if is_matrix else 0.0,
            }
            for (is_new, is_matrix), parameters in groups.items()
        ]
    )


def rate_factor(done: float, warm_up: float, fall: float) -> float:
    """Warm-up, plateau, linear fall to a twentieth; `done` is the share of the budget."""
    if done < warm_up:
        return max(0.02, done / warm_up)
    if done < 1.0 - fall:
        return 1.0
    return max(0.05, (1.0 - done) / fall)


def digest_of(rows: list[Row]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.text}\x00{row.injection}\x00{row.toxic}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def round_batches(run: Run, recipe: Recipe, tokenizer: batches.Tokenizer) -> Iterator[list[batches.Sample]]:
    """The batches that are left of the current round; starts the next round when the rows are not the same any more."""
    settings, progress = run.settings, run.progress
    rows = recipe.round(progress.round)
    if progress.digest and progress.index and progress.digest != digest_of(rows):
        run.log("rows_changed", round=progress.round, index=progress.index)
        progress.round, progress.index = progress.round + 1, 0
        rows = recipe.round(progress.round)
    progress.digest = digest_of(rows)
    rng = random.Random(f"{settings.seed}:order:{progress.round}")
    samples = batches.tokenise(rows, tokenizer, settings.window, rng)
    planned = batches.plan(samples, settings.batch_tokens, rng, short_first=progress.round == 0)
    run.log("round", number=progress.round, rows=len(rows), batches=len(planned), tokens=sum(len(s.ids) for s in samples))
    yield from planned[progress.index :]


def step(run: Run, batch: batches.Batch) -> dict[str, float]:
    settings, progress = run.settings, run.progress
    factor = rate_factor(progress.tokens / settings.tokens, settings.warm_up, settings.fall)
    for group in run.optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    total, parts = losses.loss(run.guard(batch.ids, batch.mask), batch.rows)
    run.optimizer.zero_grad(set_to_none=True)
    total.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.guard.body.parameters(), settings.clip)
    run.optimizer.step()
    progress.steps += 1
    progress.tokens += batch.tokens
    progress.index += 1
    keep = min(settings.average, (1 + progress.steps) / (10 + progress.steps))
    with torch.no_grad():
        for name, value in run.guard.body.state_dict().items():
            run.averaged[name].lerp_(value, 1.0 - keep)
    return {"loss": round(float(total.detach()), 4), "norm": round(float(norm), 3), **parts}


def predict(guard: Guard, samples: list[batches.Sample], budget: int = 4096) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of injection [n], agent [n] and toxic [n, outputs], in the order of the samples."""
    order = sorted(range(len(samples)), key=lambda at: len(samples[at].ids))
    found: list[tuple[np.ndarray, ...]] = []
    with torch.inference_mode():
        for packed in batches.packed([samples[at] for at in order], budget):
            batch = batches.collate(packed)
            found.append(tuple(part.numpy() for part in guard(batch.ids, batch.mask)[:3]))
    back = np.argsort(np.array(order))
    injection, agent, toxic = (np.concatenate(parts)[back] for parts in zip(*found, strict=True))
    return injection, agent, toxic


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logits))


def evaluate(run: Run, dev: list[batches.Sample]) -> None:
    started = time.perf_counter()
    scores = [sigmoid(part) for part in predict(run.averaged_guard(), dev)]
    report = scoring.report([sample.row for sample in dev], *scores)
    run.log("dev", tokens=run.progress.tokens, took=round(time.perf_counter() - started), **report)


def train(run: Run, deadline: datetime | None) -> None:
    """Trains until the token budget or the deadline is reached. The last thing written is always a checkpoint."""
    settings, progress = run.settings, run.progress
    recipe = Recipe.default(Path(settings.pools), settings.seed)
    tokenizer = batches.load_tokenizer(Path(settings.encoder))
    dev = batches.tokenise(recipe.dev(), tokenizer, settings.window, random.Random(settings.seed), crop="head")
    run.log("start", settings=asdict(settings), progress=asdict(progress), dev=len(dev), data=recipe.describe())
    run.guard.train()
    saved = evaluated = logged = time.perf_counter()
    while progress.tokens < settings.tokens:
        for planned in round_batches(run, recipe, tokenizer):
            began = time.perf_counter()
            parts = step(run, batches.collate(planned))
            now = time.perf_counter()
            progress.seconds += now - began
            if now - logged > 20:
                speed = round(progress.tokens / progress.seconds)
                run.log("step", steps=progress.steps, tokens=progress.tokens, round=progress.round, speed=speed, **parts)
                logged = now
            if now - saved > settings.save_minutes * 60:
                run.save()
                saved = now
            if deadline and datetime.now(UTC) >= deadline:
                run.save()
                run.log("deadline", progress=asdict(progress))
                return
            if now - evaluated > settings.eval_minutes * 60:
                evaluate(run, dev)
                evaluated = time.perf_counter()
            if progress.tokens >= settings.tokens:
                break
        else:
            progress.round, progress.index = progress.round + 1, 0
    run.save()
    evaluate(run, dev)
    run.log("finished", progress=asdict(progress))


def next_time(clock: str) -> datetime:
    """The next moment at which a UTC clock shows HH:MM."""
    hour, minute = map(int, clock.split(":"))
    now = datetime.now(UTC)
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description="Fine-tunes the guard model; see the module's text.")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--pools", default=os.environ.get("SCANGATE_POOLS"))
    options.add_argument("--encoder", default=os.environ.get("SCANGATE_ENCODER"))
    options.add_argument("--resume", action="store_true")
    options.add_argument("--init", type=Path, help="a run or an exported model whose weights a new run starts from")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--stop-at", help="UTC, HH:MM: saves and stops then")
    for name, kind in (("tokens", int), ("layers", int), ("window", int), ("batch-tokens", int), ("rate", float), ("seed", int),
                       ("save-minutes", float), ("eval-minutes", float)):  # fmt: skip
        options.add_argument(f"--{name}", type=kind)
    return options


def main() -> None:
    arguments = parser().parse_args()
    torch.set_num_threads(arguments.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    names = ("pools", "encoder", "tokens", "layers", "window", "batch_tokens", "rate", "seed", "save_minutes", "eval_minutes")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.resume and (arguments.out / CHECKPOINT).exists():
        run = load(arguments.out, given)
    elif "pools" in given and "encoder" in given:
        run = start(Settings(**given), arguments.out, arguments.init)
    else:
        raise SystemExit("--pools and --encoder (or SCANGATE_POOLS and SCANGATE_ENCODER) are needed for a new run")
    train(run, next_time(arguments.stop_at) if arguments.stop_at else None)


if __name__ == "__main__":
    main()
