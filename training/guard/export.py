"""Writes what the service loads: a shared embedding table, an ONNX body per model, the tokenizer, a manifest with checksums.

python -m training.guard.export --run DIR --out DIR [--parity 400]

words.i8          int8 [vocabulary, hidden], row-major, to be memory-mapped; shared by every model of the project
words.scale.f32   float32 [vocabulary]: a row is its integers times its scale
tokenizer.json    the pruned unigram tokenizer
guard.onnx        embeddings float32 [tokens, hidden] of one text in; `injection` [1], `agent` [1], `toxic` [1, 9], `kind` [1, 5] out,
                  all logits; linear layers in int8 (dynamic)
calibration.json  must be there already: `python -m training.guard.calibrate` with the same --out comes first
manifest.json     names, order of the outputs, sizes, sha256, parity and speed as measured at export
model-card.md     a skeleton: provenance, shape, figures of the export
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.guard import batches
from training.guard.checkpoints import load_averaged
from training.guard.model import Guard, GuardBody, describe
from training.guard.one_text import OneTextBody
from training.guard.recipe import Recipe
from training.guard.targets import KINDS, TOXIC_OUTPUTS
from training.guard.train import predict, sigmoid

OUTPUTS = ("injection", "agent", "toxic", "kind")
OPSET = 17


def write_words(words: np.ndarray, out: Path) -> np.ndarray:
    """Rounds every row to int8 with its own scale; returns the table as a reader will see it."""
    scales = (np.abs(words).max(axis=1) / 127.0).clip(min=1e-9).astype(np.float32)
    table = np.clip(np.rint(words / scales[:, None]), -127, 127).astype(np.int8)
    table.tofile(out / "words.i8")
    scales.tofile(out / "words.scale.f32")
    return table.astype(np.float32) * scales[:, None]


def write_body(body: GuardBody, out: Path) -> None:
    """The body as ONNX for one text of free length, first in float, then with int8 weights."""
    example = (torch.zeros(9, body.shape.hidden),)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            OneTextBody(body).eval(), example, str(plain), input_names=["embeddings"], output_names=list(OUTPUTS),
            opset_version=OPSET, dynamic_axes={"embeddings": {0: "tokens"}}, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(
            plain, out / "guard.onnx", weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=pooling_nodes(onnx.load(str(plain))),
        )  # fmt: skip


def pooling_nodes(graph: onnx.ModelProto) -> list[str]:
    """Names of everything outside of the transformer layers: pooling and heads are small and stay in float."""
    return [node.name for node in graph.graph.node if "/blocks." not in node.name]


def session(out: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(out / "guard.onnx"), options, providers=["CPUExecutionProvider"])


def parity(
    guard: Guard, samples: list[batches.Sample], words: np.ndarray, runtime: onnxruntime.InferenceSession
) -> dict[str, float]:
    """How far int8 is from float: mean and largest gap in probability, and how often 0.5 is crossed."""
    expected = [sigmoid(part) for part in predict(guard, samples)]
    found: list[list[np.ndarray]] = [[], [], []]
    for sample in samples:
        inputs = {"embeddings": words[sample.ids]}
        for parts, value in zip(found, runtime.run(["injection", "agent", "toxic"], inputs), strict=True):
            parts.append(sigmoid(value))
    result: dict[str, float] = {"rows": len(samples)}
    for name, wanted, parts in zip(OUTPUTS, expected, found, strict=False):
        got = np.concatenate(parts)
        gap = np.abs(wanted - got)
        result[f"{name}_mean_gap"] = round(float(gap.mean()), 5)
        result[f"{name}_max_gap"] = round(float(gap.max()), 4)
        result[f"{name}_flips"] = int(((wanted >= 0.5) != (got >= 0.5)).sum())
    return result


def latency(runtime: onnxruntime.InferenceSession, hidden: int) -> dict[str, float]:
    """Median milliseconds for one text on one thread."""
    figures = {}
    for tokens in (16, 32, 64, 128):
        inputs = {"embeddings": np.random.default_rng(0).normal(0, 0.3, (tokens, hidden)).astype(np.float32)}
        runtime.run(None, inputs)
        took = []
        for _ in range(15):
            began = time.perf_counter()
            runtime.run(None, inputs)
            took.append(time.perf_counter() - began)
        figures[str(tokens)] = round(float(np.median(took)) * 1000, 2)
    return figures


def checksums(out: Path) -> dict[str, dict[str, object]]:
    names = ("words.i8", "words.scale.f32", "tokenizer.json", "guard.onnx", "calibration.json")
    return {
        name: {"sha256": hashlib.sha256((out / name).read_bytes()).hexdigest(), "bytes": (out / name).stat().st_size}
        for name in names
    }


def write_card(manifest: dict[str, object], out: Path) -> None:
    """The model card without its evaluation tables, which `evaluate` fills."""
    files = "\n".join(f"| {name} | {entry['bytes']:,} | `{entry['sha256']}` |" for name, entry in manifest["files"].items())  # type: ignore[attr-defined]
    text = f"""# Guard model: model card

Body: {json.dumps(manifest["shape"])}. Trained from the first layers of multilingual-e5-small (MIT), word embeddings frozen.
Training: {json.dumps(manifest["progress"])}. Languages: en es ru de fr ja pt it zh.
Int8 against float: {json.dumps(manifest["parity"])}.
Milliseconds for one text, one thread, by tokens: {json.dumps(manifest["latency_ms"])}.

| file | bytes | sha256 |
|---|---|---|
{files}

## Data
See training/guard/README.md: sources, licences, what was left out.

## Figures
To be filled from `python -m training.guard.evaluate` and `scangate eval`: set, split, size, operating point, date, command.

## Known failures
To be filled: the ten worst mistakes for every head and language.
"""
    (out / "model-card.md").write_text(text, encoding="utf-8")


def export(run: Path, out: Path, parity_rows: int) -> dict[str, object]:
    guard, settings, progress = load_averaged(run)
    out.mkdir(parents=True, exist_ok=True)
    words = write_words(guard.words.numpy(), out)
    shutil.copy(Path(settings.encoder) / "tokenizer.json", out / "tokenizer.json")
    write_body(guard.body, out)
    runtime = session(out)
    gaps: dict[str, float] = {}
    if parity_rows:
        rows = Recipe.default(Path(settings.pools), settings.seed).dev()
        rows = random.Random(0).sample(rows, min(parity_rows, len(rows)))
        tokenizer = batches.load_tokenizer(Path(settings.encoder))
        samples = batches.tokenise(rows, tokenizer, settings.window, random.Random(0), crop="head")
        gaps = parity(guard, samples, words, runtime)
    manifest = {
        "outputs": {"injection": ["injection"], "agent": ["agent"], "toxic": list(TOXIC_OUTPUTS), "kind": list(KINDS)},
        "vocabulary": int(words.shape[0]), "hidden": int(words.shape[1]), "window": settings.window,
        "start_id": batches.START, "end_id": batches.END, "pad_id": batches.PAD,
        "shape": describe(guard.body.shape), "progress": progress, "parity": gaps,
        "latency_ms": latency(runtime, guard.body.shape.hidden), "files": checksums(out),
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    write_card(manifest, out)
    return manifest


def main() -> None:
    options = argparse.ArgumentParser(description="Writes the guard's files for the service; see the module's text.")
    options.add_argument("--run", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument(
        "--parity", type=int, default=400, help="development rows that int8 and float are compared on; 0 for none"
    )
    arguments = options.parse_args()
    torch.set_num_threads(1)
    manifest = export(arguments.run, arguments.out, arguments.parity)
    print(json.dumps({name: manifest[name] for name in ("parity", "latency_ms", "files")}, indent=1))


if __name__ == "__main__":
    main()
