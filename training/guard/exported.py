"""Reads the weights of an exported guard back into the network, so that training goes on from a shipped model.

Int8 weights come back as their integers times their scale: a start, not the exact end of the run that made them. `write_encoder` makes
an encoder folder of a shipped model, for those who have no other: words and tokenizer are the shipped ones anyway.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.numpy import save_file
from torch import Tensor

from training.guard.model import NAMES, BodyShape, GuardBody
from training.guard.one_text import separate


def load_exported(body: GuardBody, file: Path) -> None:
    """
    Raises:
        ValueError: the file's network is not this one.
    """
    tables = separate(_weights(file), body.shape.heads)
    weights = {name: torch.from_numpy(np.array(value)) for name, value in tables.items()}
    wanted = {name: value.shape for name, value in body.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise ValueError("the exported model does not match the guard's body")
    state: dict[str, Tensor] = weights
    body.load_state_dict(state)


def write_encoder(model: Path, out: Path) -> None:
    """An encoder folder (config.json, model.safetensors, tokenizer.json) with the words and layers of the exported model in `model`."""
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    shape = BodyShape(**manifest["shape"])
    rows = np.fromfile(model / "words.i8", np.int8).reshape(manifest["vocabulary"], manifest["hidden"])
    words = rows.astype(np.float32) * np.fromfile(model / "words.scale.f32", np.float32)[:, None]
    body = separate(_weights(model / "guard.onnx"), shape.heads)
    tables = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": body["position.weight"],
        "embeddings.token_type_embeddings.weight": body["token_type"][None],
        "embeddings.LayerNorm.weight": body["input_norm.weight"],
        "embeddings.LayerNorm.bias": body["input_norm.bias"],
    }
    for layer in range(shape.layers):
        for theirs, ours in NAMES.items():
            for part in ("weight", "bias"):
                tables[f"encoder.layer.{layer}.{theirs}.{part}"] = body[f"blocks.{layer}.{ours}.{part}"]
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(table) for name, table in tables.items()}, str(out / "model.safetensors"))
    config = {
        "hidden_size": shape.hidden, "num_attention_heads": shape.heads, "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.positions,
    }  # fmt: skip
    (out / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copy(model / "tokenizer.json", out / "tokenizer.json")


def _weights(file: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(str(file)).graph
    tables = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    # biases, norms and the like kept their names
    found = {name: value for name, value in tables.items() if "::" not in name and not name.endswith(_PARTS)}
    for node in graph.node:
        for name in node.input:
            if name.endswith("_quantized") and name in tables:
                found[f"{_module(node.name)}.weight"] = _restored(tables, name.removesuffix("_quantized")).T
            elif name.startswith("onnx::MatMul") and name in tables and node.name == "/MatMul":
                found["queries"] = tables[name].T
    return found


_PARTS = ("_quantized", "_scale", "_zero_point")


def _module(node: str) -> str:
    """`/blocks.0/query/MatMul_quant` to `blocks.0.query`."""
    return ".".join(node.strip("/").split("/")[:-1])


def _restored(tables: dict[str, np.ndarray], name: str) -> np.ndarray:
    integers = tables[f"{name}_quantized"].astype(np.float32)
    restored: np.ndarray = (integers - tables[f"{name}_zero_point"].astype(np.float32)) * tables[f"{name}_scale"]
    return restored
