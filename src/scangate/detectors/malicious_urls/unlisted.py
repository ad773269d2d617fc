"""The model for URLs that no list knows: logistic regression over `features`, calibrated, with the reasons of every verdict.

The file holds one weight a cell and a sign, a calibration and two thresholds; `python -m training.urls` makes it. It knows nothing of
brands' own sites, of names that mean something only inside a network, or of bare addresses: those are not put to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import as_file, files
from math import exp
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.detectors.malicious_urls.features import (
    FEATURES_VERSION,
    PARTS,
    SIGN_NAMES,
    SIGN_REASONS,
    FeatureReader,
    Features,
    Reason,
)
from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.errors import ConfigurationError
from scangate.matching.public_suffixes import HostParts
from scangate.matching.urls import UrlMatch

_REASONS_MAX: Final = 3
_REASON_SHARE: Final = 0.1
"""A reason is named when it makes up this share of all that speaks against the URL."""
_REASONS: Final = tuple(Reason)
_PART_PLACES: Final = tuple(map(_REASONS.index, PARTS))
_SIGN_PLACES: Final = tuple(map(_REASONS.index, SIGN_REASONS))
_LURES: Final = tuple(map(SIGN_NAMES.index, ("lures-in-name", "lures-in-subdomain", "brand-named", "brand-misspelt")))
_RESERVED_TLDS: Final = frozenset(("arpa", "example", "invalid", "test"))
_RESERVED_DOMAINS: Final = frozenset(("example.com", "example.net", "example.org", "example.edu"))

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Opinion:
    """`probability` that the URL is malicious, where as many are as are not; `lured`: a lure word or a brand's name is in its host. `reasons`: what spoke against it, strongest first; none below
    the threshold of suspicion."""

    probability: float
    reasons: tuple[Reason, ...]
    lured: bool = False


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """`scale` and `shift` turn the sum of the weights into a calibrated logit.

    `flag` and `suspect` are probabilities: from the one on a URL counts as malicious, from the other as suspicious.
    """

    cells: Weights
    signs: Weights
    bias: float
    scale: float
    shift: float
    flag: float
    suspect: float

    def save(self, path: Path) -> None:
        """Eight bits a cell, on a square-root scale so that small weights keep their digits."""
        peak = max(float(np.abs(self.cells).max()), 1e-9)
        packed = (np.sign(self.cells) * np.rint(np.sqrt(np.abs(self.cells) / peak) * 127)).astype(np.int8)
        numbers = {name: getattr(self, name) for name in ("bias", "scale", "shift", "flag", "suspect")}
        card = json.dumps({"features": FEATURES_VERSION, "signs": SIGN_NAMES, "peak": peak, **numbers}, sort_keys=True)
        np.savez_compressed(path, card=np.array(card), cells=packed, signs=self.signs.astype(np.float32))

    @classmethod
    def load(cls, path: Path) -> ModelWeights:
        """
        Raises:
            ConfigurationError: the file was made for other features.
        """
        with np.load(path, allow_pickle=False) as file:
            card = json.loads(str(file["card"]))
            if card["features"] != FEATURES_VERSION or tuple(card["signs"]) != SIGN_NAMES:
                raise ConfigurationError(f"model {path.name!r} was made for other features")
            roots = file["cells"].astype(np.float32) / np.float32(127)
            cells: Weights = np.sign(roots) * roots * roots * np.float32(card["peak"])
            signs: Weights = file["signs"]
        return cls(cells, signs, card["bias"], card["scale"], card["shift"], card["flag"], card["suspect"])


class UnlistedModel:
    """Immutable; safe to share between threads."""

    def __init__(self, weights: ModelWeights, reader: FeatureReader) -> None:
        self._weights = weights
        self._reader = reader
        self._sign_weights = tuple(map(float, weights.signs))

    @property
    def flag(self) -> float:
        """The probability from which on a URL counts as malicious."""
        return self._weights.flag

    @property
    def suspect(self) -> float:
        """The probability from which on a URL counts as suspicious."""
        return self._weights.suspect

    def judge(self, match: UrlMatch, parts: HostParts | None, rule: UrlRule | None) -> Opinion | None:
        """None for what the model knows nothing of. `parts` of the host, None for an IP address; `rule`: see `FeatureReader.read`."""
        if not is_judged(match, parts):
            return None
        features = self._reader.read(match, parts, rule)
        shares = self._contributions(features)
        logit = (sum(shares) + self._weights.bias) * self._weights.scale + self._weights.shift
        probability = 1.0 / (1.0 + exp(-max(-60.0, min(60.0, logit))))
        lured = any(features.signs[place] for place in _LURES)
        return Opinion(probability, _reasons(shares) if probability >= self._weights.suspect else (), lured)

    def _contributions(self, features: Features) -> list[float]:
        """What each of _REASONS adds to the sum."""
        cells = self._weights.cells
        shares = [0.0] * len(_REASONS)
        for place, (found, factor) in zip(_PART_PLACES, features.parts, strict=True):
            if len(found):
                shares[place] += float(cells.take(found).sum()) * factor
        for place, weight, value in zip(_SIGN_PLACES, self._sign_weights, features.signs, strict=True):
            if value:
                shares[place] += weight * value
        return shares


def _reasons(shares: list[float]) -> tuple[Reason, ...]:
    against = sorted(((share, place) for place, share in enumerate(shares) if share > 0), reverse=True)
    total = sum(share for share, _ in against)
    return tuple(_REASONS[place] for share, place in against[:_REASONS_MAX] if share >= _REASON_SHARE * total)


def is_judged(match: UrlMatch, parts: HostParts | None) -> bool:
    """Whether the model has an opinion at all."""
    if parts is None:
        return match.host.is_routable and len(match.path.strip("/")) > 0
    if not parts.listed or not parts.domain or match.host.is_private:
        return False
    return parts.labels[-1] not in _RESERVED_TLDS and parts.domain not in _RESERVED_DOMAINS


def load_model(reader: FeatureReader) -> UnlistedModel:
    """The model that comes with the package; some 10 ms and a megabyte."""
    with as_file(files(__package__).joinpath("data/unlisted.npz")) as path:
        return UnlistedModel(ModelWeights.load(path), reader)
