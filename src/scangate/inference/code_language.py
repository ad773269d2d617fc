"""Which language a piece of code is written in: by its fence's word, its markers, and Magika's model where these leave doubt.

The markers take microseconds and work on one line; the model (Google's Magika, from its package) takes ten milliseconds and wants
a few hundred bytes, so it is asked only where it can tell more, and loaded only when it is asked for the first time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from scangate.errors import ConfigurationError
from scangate.inference.code_markers import marker_scores
from scangate.inference.runtime import load_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL_BYTES_MIN: Final = 160
"""Below, the model guesses."""
_READ: Final = 4096
"""Characters whose markers are looked at."""
_CERTAIN: Final = 0.85
_MODEL: Final = "standard_v3_3"


class Evidence(StrEnum):
    """What a guess rests on."""

    HINT = "hint"
    MARKERS = "markers"
    MODEL = "model"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Language:
    """`name` is lower-cased (`python`, `csharp`, `shell`), `text` where nothing is known. `confidence` is in [0, 1]."""

    name: str
    confidence: float
    evidence: Evidence


UNKNOWN: Final = Language("text", 0.0, Evidence.NOTHING)

NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("py", "python2", "python3", "py3", "ipython", "pycon", "pyw"), "python"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "node", "nodejs", "jscript", "ecmascript"), "javascript"),
    **dict.fromkeys(("ts", "tsx"), "typescript"),
    **dict.fromkeys(("ps", "ps1", "pwsh", "psm1", "posh"), "powershell"),
    **dict.fromkeys(("vbs", "vb", "vba", "vbnet", "asp", "vbscript(asp)", "visualbasic"), "vbscript"),
    **dict.fromkeys(("bat", "cmd", "dos", "batchfile", "winbatch"), "batch"),
    **dict.fromkeys(
        ("sh", "bash", "zsh", "ksh", "dash", "ash", "fish", "shell-session", "console", "terminal", "shellscript"), "shell"
    ),
    **dict.fromkeys(("pl", "pm", "perl5"), "perl"),
    **dict.fromkeys(("php3", "php5", "php7", "phtml"), "php"),
    **dict.fromkeys(("cs", "c#", "dotnet", "aspx", "csharp(aspx)"), "csharp"),
    **dict.fromkeys(("jsp", "java(jsp)"), "java"),
    **dict.fromkeys(("h",), "c"),
    **dict.fromkeys(("c++", "cc", "cxx", "hpp"), "cpp"),
    **dict.fromkeys(("golang",), "go"),
    **dict.fromkeys(("rs",), "rust"),
    **dict.fromkeys(("rb",), "ruby"),
    **dict.fromkeys(("kt", "kts"), "kotlin"),
    **dict.fromkeys(("yml",), "yaml"),
    **dict.fromkeys(("htm", "xhtml"), "html"),
    **dict.fromkeys(("docker",), "dockerfile"),
    **dict.fromkeys(("make",), "makefile"),
    **dict.fromkeys(("patch",), "diff"),
    **dict.fromkeys(("json5", "jsonc", "jsonl"), "json"),
    **dict.fromkeys(("txt", "plaintext", "plain", "output", "none", "unknown", "markdown", "md", "rst"), "text"),
    **dict.fromkeys(("postgresql", "mysql", "plsql", "tsql", "sqlite"), "sql"),
}
"""Other names of a language (words after a fence, file endings, Magika's labels) and the one that is used here."""

_KNOWN: Final = frozenset(NAMES.values()) | {
    "batch", "c", "cpp", "csharp", "css", "dart", "diff", "dockerfile", "elixir", "erlang", "go", "groovy", "haskell", "hcl", "html",
    "ini", "java", "javascript", "json", "julia", "kotlin", "log", "lua", "makefile", "ocaml", "perl", "php", "powershell", "python",
    "r", "ruby", "rust", "scala", "shell", "solidity", "sql", "swift", "tcl", "text", "toml", "typescript", "vbscript", "xml", "yaml",
    "zig", "matlab", "asm", "clojure", "fortran", "objectivec", "pascal", "prolog", "cobol", "verilog", "vhdl", "scss", "vue",
}  # fmt: skip


def canonical(name: str) -> str:
    """The name used here of a language's name as people write it; empty where it names none."""
    lowered = name.strip().lower().removeprefix("language-").lstrip(".")
    lowered = NAMES.get(lowered, lowered)
    return lowered if lowered in _KNOWN else ""


def by_markers(code: str) -> Language:
    """The best guess without the model. The confidence grows with the evidence and with its lead over the next language."""
    scores = marker_scores(code[:_READ].encode("latin-1", "replace"))
    if not scores:
        return UNKNOWN
    if scores.get("cpp", 0.0) >= 2:
        scores["cpp"] += scores.pop("c", 0.0)  # all that is C is C++ as well
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    best, most = ranked[0]
    lead = most - (ranked[1][1] if len(ranked) > 1 else 0.0)
    if best == "typescript" or (best == "javascript" and scores.get("typescript", 0) >= 3):
        best, lead = "typescript", max(lead, most / 2)
    confidence = (1 - 0.75**most) * min(1.0, 0.4 + 0.25 * lead)
    return Language(best, round(confidence, 3), Evidence.MARKERS)


def identify(code: str, hint: str = "", *, may_use_model: bool = False) -> Language:
    """The language of a piece of code.

    `hint` is what its fence says. `may_use_model` allows one pass of the model (10 ms; the first call loads it) where the rest
    leaves doubt and the code is long enough. Pure apart from that load.

    Raises:
        ConfigurationError: the model is asked for the first time and cannot be loaded.
    """
    guess = by_markers(code)
    named = canonical(hint)
    if named and named != "text":
        agreed = named == guess.name or guess.confidence < _CERTAIN
        return Language(
            named if agreed else guess.name, 0.95 if agreed else guess.confidence, Evidence.HINT if agreed else guess.evidence
        )
    if guess.confidence >= _CERTAIN or not may_use_model or len(code) < MODEL_BYTES_MIN:
        return guess
    told = _model().identify(code)
    return told if told is not None and told.confidence > guess.confidence else guess


class _Magika:
    """Magika's network, run as every other model of the project: one thread, one shared session."""

    def __init__(self, folder: Path) -> None:
        try:
            config = json.loads((folder / "config.min.json").read_text(encoding="utf-8"))
            self._begin, self._end, self._padding = config["beg_size"], config["end_size"], config["padding_token"]
            self._block: int = config["block_size"]
            self._labels: list[str] = config["target_labels_space"]
            self._thresholds: dict[str, float] = config["thresholds"]
            self._usual: float = config["medium_confidence_threshold"]
        except (OSError, ValueError, KeyError) as error:
            raise ConfigurationError(f"the package magika has no model {_MODEL!r} that can be read: {error!r}") from None
        self._session: InferenceSession = load_session(folder / "model.onnx")

    def identify(self, code: str) -> Language | None:
        """None where the model is not sure, or names something that is no language."""
        data = code[: self._block].encode("utf-8", "replace"), code[-self._block :].encode("utf-8", "replace")
        head, tail = data[0].strip()[: self._begin], data[1].strip()[-self._end :]
        features = np.full((1, self._begin + self._end), self._padding, np.int32)
        features[0, : len(head)] = np.frombuffer(head, np.uint8)
        features[0, self._begin + self._end - len(tail) :] = np.frombuffer(tail, np.uint8)
        scores = self._session.run(None, {"bytes": features})[0][0]
        best = int(np.argmax(scores))
        label, score = self._labels[best], float(scores[best])
        name = canonical(label)
        if not name or score < self._thresholds.get(label, self._usual):
            return None
        return Language(name, round(score, 3), Evidence.MODEL)


_LOCK: Final = Lock()


def _model() -> _Magika:
    with _LOCK:
        return _loaded()


@cache
def _loaded() -> _Magika:
    # the package's own code is not imported: it would bring a command line, and threads of its own
    found = find_spec("magika")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    if not places:
        raise ConfigurationError("the package magika is not installed")
    return _Magika(Path(places[0]) / "models" / _MODEL)
