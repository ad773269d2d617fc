"""Writes the sentence encoder of topic guardrails: all layers of multilingual-e5-small over the shared word embeddings.

python -m training.topics.export --encoder DIR --out DIR

encoder.onnx      embeddings float32 [tokens, hidden] of one text in; `mean` [hidden] out, the mean of the last layer's states;
                  linear layers in int8 (dynamic), one scale a column
manifest.json     sizes, start and end, sha256 of encoder.onnx and matcher.npz, parity with the float network as measured at export

matcher.npz must be there already: `python -m training.topics.matcher` writes it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from training.guard import batches
from training.guard.export import OPSET, pooling_nodes
from training.guard.model import GuardBody, from_encoder
from training.guard.one_text import OneTextBlock

FILES = ("encoder.onnx", "matcher.npz")
WINDOW = 128
SAMPLES = (
    "how do I move money to my savings account", "Ich brauche einen neuen Termin beim Zahnarzt.", "明日の東京の天気を教えてください。",
    "Le sénat a rejeté la réforme des retraites hier soir.", "какие документы нужны для визы", "set an alarm for six",
)  # fmt: skip


class MeanBody(nn.Module):
    """From word embeddings [tokens, hidden] of one text to the mean of its last states, [hidden]."""

    def __init__(self, body: GuardBody) -> None:
        super().__init__()
        self.position, self.token_type, self.input_norm = body.position, body.token_type, body.input_norm
        self.blocks = nn.ModuleList(OneTextBlock(block, body.shape) for block in body.blocks)

    def forward(self, embeddings: Tensor) -> Tensor:
        states = self.input_norm(embeddings + self.position.weight[: embeddings.shape[0]] + self.token_type)
        for block in self.blocks:
            states = block(states)
        return states.mean(dim=0)


def write_encoder(body: MeanBody, hidden: int, out: Path) -> None:
    """First in float, then with int8 weights."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            body, (torch.zeros(9, hidden),), str(plain), input_names=["embeddings"], output_names=["mean"],
            opset_version=OPSET, dynamic_axes={"embeddings": {0: "tokens"}}, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(
            plain, out, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=pooling_nodes(onnx.load(str(plain))),
        )  # fmt: skip


def least_cosine(body: MeanBody, words: Tensor, encoder: Path, file: Path) -> float:
    """Of float and int8 vectors of a few texts: how far the worst pair is apart."""
    tokenizer = batches.load_tokenizer(encoder)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = []
    for text in SAMPLES:
        ids = [batches.START, *tokenizer.encode(text, add_special_tokens=False).ids, batches.END]
        with torch.no_grad():
            expected = body(words[ids]).numpy()
        got = session.run(["mean"], {"embeddings": words[ids].numpy()})[0]
        found.append(float(expected @ got / np.linalg.norm(expected) / np.linalg.norm(got)))
    return min(found)


def main() -> None:
    options = argparse.ArgumentParser(description="Writes the encoder's files for the service; see the module's text.")
    options.add_argument("--encoder", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    arguments = options.parse_args()
    torch.set_num_threads(1)
    guard = from_encoder(arguments.encoder, layers=12, dropout=0.0)
    shape = guard.body.shape
    body = MeanBody(guard.body).eval()
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_encoder(body, shape.hidden, arguments.out / "encoder.onnx")
    cosine = least_cosine(body, guard.words, arguments.encoder, arguments.out / "encoder.onnx")
    present = [arguments.out / name for name in FILES if (arguments.out / name).exists()]
    manifest = {
        "outputs": {"mean": []}, "vocabulary": int(guard.words.shape[0]), "hidden": shape.hidden, "window": WINDOW,
        "start_id": batches.START, "end_id": batches.END, "layers": shape.layers, "least_cosine": round(cosine, 4),
        "files": {
            file.name: {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size} for file in present
        },
    }  # fmt: skip
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    main()
