"""A user's own model in place of one of the guard's heads: a Hugging Face sequence-classification model in ONNX.

The folder is what `optimum-cli export onnx` writes: config.json (`id2label`), tokenizer.json and model.onnx (or model_quantized.onnx,
also below onnx/). What a label means follows from its name, or from a file scangate.json that the user puts beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.errors import ConfigurationError
from scangate.inference.runtime import load_session, load_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_MAP: Final = "scangate.json"
_GRAPHS: Final = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
_HARMLESS: Final = frozenset({"benign", "safe", "legit", "harmless", "neutral", "none", "ok", "label_0", "0"})
_HARMFUL: Final = frozenset({"malicious", "unsafe", "harmful", "attack", "label_1", "1"})
_LONGEST: Final = 512
_OVERLAP: Final = 32

Document = TypeVar("Document", bound=BaseModel)
Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class LabelMap(BaseModel):
    """The file scangate.json: what the labels of a user's model mean, and from which probability on they count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: dict[str, str] = Field({}, description="Label of config.json to an output's name, or to `benign`.")
    activation: Literal["softmax", "sigmoid"] | None = Field(
        None, description="How logits become probabilities; unset: sigmoid for `multi_label_classification`, else softmax."
    )
    high: Share = Field(0.9, description="Probability from which on an output counts with high confidence.")
    moderate: Share = Field(0.5, description="Probability from which on it counts with moderate confidence.")
    max_tokens: int | None = Field(None, ge=8, description="Tokens of a pass; unset: what config.json says, at most 512.")


class _Config(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id2label: dict[int, str]
    problem_type: str | None = None
    max_position_embeddings: int = _LONGEST
    pad_token_id: int | None = 0
    model_type: str = ""


class Classifier:
    """Immutable; safe to share between threads."""

    def __init__(self, folder: Path, outputs: Sequence[str], names: Mapping[str, str] | None = None) -> None:
        """
        Args:
            folder: the model.
            outputs: names of what it may judge, such as `injection` or the toxic categories.
            names: what labels in lower case mean, for tasks whose labels have names of their own; then no label is merely harmless.

        Raises:
            ConfigurationError: a file is missing or cannot be read, or no label means any of `outputs`.
        """
        config = _read(folder, "config.json", _Config)
        self.label_map = _read(folder, LABEL_MAP, LabelMap) if (folder / LABEL_MAP).exists() else LabelMap()
        if self.label_map.moderate > self.label_map.high:
            raise ConfigurationError(f"{LABEL_MAP} of the model {folder.name!r}: moderate is above high")
        self._columns = _columns(folder, config, self.label_map, outputs, names)
        multi_label = config.problem_type == "multi_label_classification"
        self._activation = self.label_map.activation or ("sigmoid" if multi_label or len(config.id2label) == 1 else "softmax")
        graph = next((folder / name for name in _GRAPHS if (folder / name).is_file()), None)
        if graph is None:
            raise ConfigurationError(f"the model {folder.name!r} has none of {', '.join(_GRAPHS)}")
        if not (folder / "tokenizer.json").is_file():
            raise ConfigurationError(f"the model {folder.name!r} has no tokenizer.json")
        self._session = load_session(graph)
        self._tokenizer = load_tokenizer(folder / "tokenizer.json")
        # RoBERTa and its kin count positions from two on
        reserved = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
        longest = min(self.label_map.max_tokens or _LONGEST, max(config.max_position_embeddings - reserved, 8))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest, stride=min(_OVERLAP, longest // 4))
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._width = len(config.id2label)

    @property
    def outputs(self) -> frozenset[str]:
        return frozenset(self._columns)

    def probabilities(self, text: str) -> Mapping[str, float]:
        """Probability of every output in [0, 1]; of a text that is longer than a pass, the highest of its pieces."""
        encoding = self._tokenizer.encode(text)
        rows = [self._row(piece.ids, piece.attention_mask) for piece in (encoding, *encoding.overflowing)]
        highest = np.max(rows, axis=0)
        return {name: float(max(highest[column] for column in columns)) for name, columns in self._columns.items()}

    def probabilities_of_pair(self, first: str, second: str) -> Mapping[str, float]:
        """Probability of every output for two texts read together; labels that mean the same count together. What is longer than a
        pass is cut, the longer text first."""
        encoding = self._tokenizer.encode(_encodable(first), _encodable(second))
        row = self._row(encoding.ids, encoding.attention_mask, encoding.type_ids)
        return {name: float(sum(row[column] for column in columns)) for name, columns in self._columns.items()}

    def _row(self, ids: Sequence[int], mask: Sequence[int], types: Sequence[int] | None = None) -> NDArray[np.float64]:
        values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types or [0] * len(ids)}
        feed = {name: np.array([values[name]], np.int64) for name in self._inputs}
        logits = np.asarray(self._session.run(None, feed)[0], np.float64).reshape(-1)
        if self._activation == "sigmoid":
            squashed: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
            return squashed
        powers = np.exp(logits - logits.max())
        shares: NDArray[np.float64] = powers / powers.sum()
        return shares


def _encodable(text: str) -> str:
    """Without lone surrogates, which tokenizers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _columns(
    folder: Path, config: _Config, label_map: LabelMap, outputs: Sequence[str], names: Mapping[str, str] | None
) -> dict[str, list[int]]:
    """The columns of the logits that speak for each output."""
    unknown = sorted(set(label_map.labels) - set(config.id2label.values()))
    if unknown:
        raise ConfigurationError(
            f"{LABEL_MAP} of the model {folder.name!r} names {unknown[0]!r}, which is no label of config.json"
        )
    found: dict[str, list[int]] = {}
    for column, label in sorted(config.id2label.items()):
        output = label_map.labels.get(label) or (_by_name(label, outputs) if names is None else names.get(label.strip().lower()))
        if output == "benign":
            continue
        if output is None or output not in outputs:
            known = ", ".join((*outputs, "benign"))
            raise ConfigurationError(
                f"the model {folder.name!r} has a label {label!r}: say in {LABEL_MAP} which of these it means: {known}"
            )
        found.setdefault(output, []).append(column)
    if not found:
        raise ConfigurationError(f"no label of the model {folder.name!r} stands for anything but benign")
    return found


def _by_name(label: str, outputs: Sequence[str]) -> str | None:
    name = label.strip().lower().replace("_", "-")
    if name.replace("-", "_") in _HARMLESS:
        return "benign"
    if name in outputs:
        return name
    return outputs[0] if len(outputs) == 1 and name.replace("-", "_") in {*_HARMFUL, "jailbreak", "injection", "agent"} else None


def _read(folder: Path, name: str, model: type[Document]) -> Document:
    try:
        return model.model_validate_json((folder / name).read_bytes())
    except OSError:
        raise ConfigurationError(f"the model {folder.name!r} is not complete: {name} is missing") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ConfigurationError(f"{name} of the model {folder.name!r}: {place + ': ' if place else ''}{first['msg']}") from None
