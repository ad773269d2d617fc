"""Fingerprints of what servers declared: a tool whose declaration changes after it was accepted is a rug pull until someone looks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scangate.errors import ConfigurationError


def fingerprint(declaration: dict[str, Any]) -> str:
    """SHA-256 of a declaration's JSON with sorted keys, as hex."""
    text = json.dumps(declaration, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class Pins:
    """Accepted fingerprints by server and kind and name, in a JSON file that only its owner can read."""

    file: Path
    accepted: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path) -> Pins:
        """
        Raises:
            ConfigurationError: the file is there and cannot be read: without it every change would pass as new.
        """
        if not file.exists():
            return cls(file)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            accepted = {str(server): {str(name): str(value) for name, value in names.items()} for server, names in found.items()}
        except (OSError, ValueError, AttributeError):
            raise ConfigurationError(
                f"the fingerprints in {str(file)!r} cannot be read; restore the file, or delete it to accept anew"
            ) from None
        return cls(file, accepted)

    def is_changed(self, server: str, name: str, value: str) -> bool:
        """Whether another declaration of this name was accepted before."""
        known = self.accepted.get(server, {}).get(name)
        return known is not None and known != value

    def accept(self, server: str, found: dict[str, str]) -> None:
        """Keeps fingerprints of names that have none yet."""
        names = self.accepted.setdefault(server, {})
        new = {name: value for name, value in found.items() if name not in names}
        if new:
            names.update(new)
            self._write()

    def forget(self, server: str) -> None:
        """The server's declarations are accepted anew when they are next seen."""
        if self.accepted.pop(server, None) is not None:
            self._write()

    def _write(self) -> None:
        draft = self.file.with_suffix(self.file.suffix + ".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(self.accepted, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.file)
