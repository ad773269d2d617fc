"""Writes what the service loads: the int8 body, its calibration, a manifest with checksums, parity and speed.

python -m training.grounding.export --run DIR --out DIR --words DIR

Words and tokenizer are the guard's (`--words` is its folder): all models of the project share one table.

grounding.onnx    embeddings float32 [tokens, hidden] and marks float32 [tokens, 2] of one pair in; `logits` [1, 3] out
calibration.json  temperature, and the chance of `supported` below which a claim counts as unsupported
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.grounding import batches, scoring
from training.grounding.model import MARKS
from training.grounding.one_pair import OnePairBody
from training.grounding.pairs import SUPPORTED, UNSUPPORTED, VERDICTS
from training.grounding.recipe import Recipe
from training.grounding.train import load_averaged, predict, softmax
from training.guard.batches import END, PAD, START, load_tokenizer
from training.guard.export import OPSET, pooling_nodes
from training.guard.model import describe

GRAPH = "grounding.onnx"
FAITHFUL = 0.04
"""Share of supported development claims that the threshold leaves below it."""
OWN = ("written", "own_written", "own_short")


def write_body(body: torch.nn.Module, hidden: int, out: Path) -> None:
    example = (torch.zeros(9, hidden), torch.zeros(9, MARKS))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            body.eval(), example, str(plain), input_names=["embeddings", "marks"], output_names=["logits"], opset_version=OPSET,
            dynamic_axes={"embeddings": {0: "tokens"}, "marks": {0: "tokens"}}, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(
            plain, out / GRAPH, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=pooling_nodes(onnx.load(str(plain))),
        )  # fmt: skip


def session(out: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(out / GRAPH), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


def shared_words(folder: Path, hidden: int) -> np.ndarray:
    """The guard's table as the service reads it, [vocabulary, hidden]."""
    scales = np.fromfile(folder / "words.scale.f32", np.float32)
    return np.fromfile(folder / "words.i8", np.int8).reshape(-1, hidden).astype(np.float32) * scales[:, None]


def temperature_of(logits: np.ndarray, verdicts: np.ndarray) -> float:
    """The temperature with the least cross-entropy, of a grid."""
    grid = np.linspace(0.5, 4.0, 71)
    losses = [-np.log(np.clip(softmax(logits / one)[np.arange(len(verdicts)), verdicts], 1e-9, 1)).mean() for one in grid]
    return round(float(grid[int(np.argmin(losses))]), 3)


def latency(runtime: onnxruntime.InferenceSession, hidden: int) -> dict[str, float]:
    """Median milliseconds for one pair on one thread, by tokens."""
    figures = {}
    for tokens in (64, 128, 192):
        feed = {"embeddings": np.zeros((tokens, hidden), np.float32), "marks": np.zeros((tokens, MARKS), np.float32)}
        feed["marks"][:20, 0] = 1.0
        runtime.run(None, feed)
        took = []
        for _ in range(15):
            began = time.perf_counter()
            runtime.run(None, feed)
            took.append(time.perf_counter() - began)
        figures[str(tokens)] = round(float(np.median(took)) * 1000, 2)
    return figures


def export(run: Path, out: Path, words_folder: Path) -> dict[str, object]:
    grounding, settings, progress = load_averaged(run)
    out.mkdir(parents=True, exist_ok=True)
    hidden = grounding.body.shape.hidden
    dev = batches.tokenise(Recipe(Path(settings.pools), settings.seed).dev(), load_tokenizer(Path(settings.encoder)))
    expected = predict(grounding, dev)
    write_body(OnePairBody(grounding.body), hidden, out)
    runtime, words = session(out), shared_words(words_folder, hidden)
    rows = random.Random(0).sample(range(len(dev)), min(300, len(dev)))
    got = np.concatenate([runtime.run(None, {"embeddings": words[dev[at].ids], "marks": dev[at].marks})[0] for at in rows])
    gaps = np.abs(softmax(got)[:, SUPPORTED] - softmax(expected[rows])[:, SUPPORTED])
    pairs = [sample.pair for sample in dev]
    known = np.array([at for at, pair in enumerate(pairs) if pair.verdict != UNSUPPORTED])
    temperature = temperature_of(expected[known], np.array([pairs[at].verdict for at in known]))
    chances = softmax(expected / temperature)
    own = np.array([at for at, pair in enumerate(pairs) if pair.source in OWN and pair.verdict == SUPPORTED])
    threshold = round(float(np.quantile(chances[own, SUPPORTED], FAITHFUL)), 4)
    (out / "calibration.json").write_text(
        json.dumps({"temperature": temperature, "threshold": max(0.01, threshold)}), encoding="utf-8"
    )
    files = (GRAPH, "calibration.json")
    manifest = {
        "outputs": {"logits": list(VERDICTS)}, "vocabulary": int(words.shape[0]), "hidden": hidden, "window": batches.WINDOW,
        "start_id": START, "end_id": END, "pad_id": PAD, "shape": describe(grounding.body.shape), "progress": progress,
        "parity": {"rows": len(rows), "mean_gap": round(float(gaps.mean()), 4), "max_gap": round(float(gaps.max()), 4)},
        "latency_ms": latency(runtime, hidden),
        "development": scoring.report(pairs, chances),
        "files": {name: {"sha256": hashlib.sha256((out / name).read_bytes()).hexdigest(), "bytes": (out / name).stat().st_size} for name in files},
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def main() -> None:
    options = argparse.ArgumentParser(description="Writes the grounding model's files for the service; see the module's text.")
    for name in ("run", "out", "words"):
        options.add_argument(f"--{name}", type=Path, required=True)
    arguments = options.parse_args()
    torch.set_num_threads(1)
    manifest = export(arguments.run, arguments.out, arguments.words)
    print(json.dumps({name: manifest[name] for name in ("parity", "latency_ms", "files")}, indent=1))


if __name__ == "__main__":
    main()
