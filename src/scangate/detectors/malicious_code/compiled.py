"""Compiled YARA rules, kept in the data directory: compiling takes a second and more, reading them back a fraction of that."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import yara_x

from scangate.errors import ConfigurationError


def compiled(sources: Mapping[str, str], data_dir: Path | None) -> yara_x.Rules:
    """The rules of these sources, by the id that an error names; from the file of an earlier start where there is one.

    Raises:
        ConfigurationError: yara-x refuses a rule.
    """
    if data_dir is None:
        return _compile(sources)
    digest = hashlib.sha256("\0".join((version("yara-x"), *sources.values())).encode()).hexdigest()
    file = data_dir / "compiled" / f"malicious_code-{digest[:16]}.yarx"
    with suppress(Exception), file.open("rb") as stream:  # not there, or not whole: yara-x has no class for it
        return yara_x.Rules.deserialize_from(stream)
    rules = _compile(sources)
    with suppress(OSError):  # a full disk costs the next start a second
        _keep(rules, file)
    return rules


def _compile(sources: Mapping[str, str]) -> yara_x.Rules:
    compiler = yara_x.Compiler()
    for name, source in sources.items():
        try:
            compiler.add_source(source)
        except yara_x.CompileError as error:
            raise ConfigurationError(f"rule {name!r} of malicious_code: {error}") from None
    return compiler.build()


def _keep(rules: yara_x.Rules, file: Path) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    for old in file.parent.glob("malicious_code-*.yarx"):
        old.unlink(missing_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as stream:
        rules.serialize_into(stream)
    unfinished.replace(file)
