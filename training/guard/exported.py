"""Reads the weights of an exported guard back into the network, so that training goes on from a shipped model.

Int8 weights come back as their integers times their scale: a start, not the exact end of the run that made them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.guard.model import GuardBody


def load_exported(body: GuardBody, file: Path) -> None:
    """
    Raises:
        ValueError: the file's network is not this one.
    """
    weights = {name: torch.from_numpy(np.array(value)) for name, value in _weights(file).items()}
    wanted = {name: value.shape for name, value in body.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise ValueError("the exported model does not match the guard's body")
    state: dict[str, Tensor] = weights
    body.load_state_dict(state)


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
