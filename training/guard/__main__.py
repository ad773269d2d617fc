"""The whole pipeline, `make train`: encoder, fine-tuning, calibration, export, joining with rules and linear model.

  python -m training.guard --out build/guard [--pools DIR] [--encoder DIR] [--tokens N] [--stop-at HH:MM] [--install]

Without `--pools` it learns from the rows of the repository alone. Without `--encoder` it starts from the shipped model and goes on from
there. Run it again to go on where it stopped; everything after fine-tuning is done once its budget of tokens is reached. `--install`
puts the new files into the package; look at the figures first (`make eval`).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from scangate.inference.guard import GUARD_DIR
from training.guard.exported import write_encoder
from training.guard.train import finished

REPOSITORY_ROWS = Path(__file__).resolve().parent.parent / "data"
WINDOW = "112"
SHIPPED = ("words.i8", "words.scale.f32", "tokenizer.json", "guard.onnx", "calibration.json", "manifest.json")


def stage(name: str, *arguments: str | Path) -> None:
    """One module of the pipeline in a process of its own, so that each starts with all memory."""
    subprocess.run([sys.executable, "-m", f"training.guard.{name}", *map(str, arguments)], check=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--pools", type=Path, default=REPOSITORY_ROWS)
    options.add_argument("--encoder", type=Path)
    options.add_argument("--tokens", type=int, default=3_000_000)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--stop-at")
    options.add_argument("--install", action="store_true")
    arguments = options.parse_args()
    run, files = arguments.out / "run", arguments.out / "files"
    encoder, start = arguments.encoder, []
    if encoder is None:
        encoder = arguments.out / "encoder"
        if not encoder.exists():
            write_encoder(GUARD_DIR, encoder)
        start = ["--init", str(GUARD_DIR / "guard.onnx")]
    stop = ["--stop-at", arguments.stop_at] if arguments.stop_at else []
    stage(
        "train", "--out", run, "--resume", "--pools", arguments.pools, "--encoder", encoder, "--window", WINDOW,
        "--tokens", str(arguments.tokens), "--threads", str(arguments.threads), *start, *stop,
    )  # fmt: skip
    if not finished(run):
        print(f"stopped before its end; run it again to go on ({run})")
        return
    stage("calibrate", "--run", run, "--out", files)
    stage("export", "--run", run, "--out", files)
    joint = Path(__file__).resolve().parents[2] / "src/scangate/detectors/prompt_injection" if arguments.install else files
    stage("joint", "--model", files, "--pools", arguments.pools, "--out", joint)
    if arguments.install:
        for name in SHIPPED:
            shutil.copy(files / name, GUARD_DIR / name)


if __name__ == "__main__":
    main()
