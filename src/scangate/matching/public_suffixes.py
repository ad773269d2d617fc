"""The public suffix list (publicsuffix.org), private section included: where one owner's name ends and another's begins.

`evil.github.io` and `github.io` have different owners, and the private section is what knows it. The list is the copy that the
tldextract package carries; that package itself is not imported (it pulls in an HTTP client).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from scangate.errors import ConfigurationError

_SNAPSHOT: Final = ".tld_set_snapshot"
_PRIVATE_SECTION: Final = "===BEGIN PRIVATE DOMAINS==="


# Plain bits rather than an IntFlag, whose operators cost a microsecond each: the list has ten thousand rules.
_NAME: Final = 1
_WILDCARD: Final = 2
_EXCEPTION: Final = 4
_PRIVATE: Final = 8


@dataclass(frozen=True, slots=True)
class HostParts:
    """`mail.evil.github.io`: labels, suffix `github.io` (2 labels, private), domain `evil.github.io`, subdomain labels `mail`.

    `domain` is "" when the host is a public suffix itself. `listed` is False when no rule names the top-level domain.
    """

    labels: tuple[str, ...]
    suffix_labels: int
    private: bool
    listed: bool

    @property
    def suffix(self) -> str:
        return ".".join(self.labels[len(self.labels) - self.suffix_labels :])

    @property
    def domain(self) -> str:
        """Public suffix plus one label."""
        if len(self.labels) <= self.suffix_labels:
            return ""
        return ".".join(self.labels[-self.suffix_labels - 1 :])

    @property
    def owner_label(self) -> str:
        """The label that was registered: `evil` of `mail.evil.github.io`; "" for a public suffix."""
        return self.labels[-self.suffix_labels - 1] if len(self.labels) > self.suffix_labels else ""

    @property
    def subdomain_labels(self) -> tuple[str, ...]:
        return self.labels[: max(0, len(self.labels) - self.suffix_labels - 1)]


class PublicSuffixes:
    """Look-ups are by canonical host: lower case, punycode, no trailing dot."""

    __slots__ = ("_deepest", "_rules", "tlds")

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules: dict[str, int] = {}
        private = 0
        for line in lines:
            if line.startswith("//"):
                if _PRIVATE_SECTION in line:
                    private = _PRIVATE
                continue
            if words := line.split():
                self._add(words[0], private)
        # some have rules for names below them only, as `co.za`
        self.tlds: frozenset[str] = frozenset(name.rpartition(".")[2] for name in self._rules)
        """Top-level domains, punycode for international ones."""
        self._deepest = max((name.count(".") for name in self._rules), default=0) + 2

    def _add(self, rule: str, private: int) -> None:
        kind = _NAME
        if rule.startswith("!"):
            kind, rule = _EXCEPTION, rule[1:]
        elif rule.startswith("*."):
            kind, rule = _WILDCARD, rule[2:]
        name = punycode(rule)
        self._rules[name] = self._rules.get(name, 0) | kind | private

    def split(self, host: str) -> HostParts:
        """Labels of a canonical host and the length of its public suffix; an unlisted TLD counts as a suffix of one label."""
        labels = tuple(host.split("."))
        count = len(labels)
        rules = self._rules
        for start in range(max(0, count - self._deepest), count):
            rule = rules.get(".".join(labels[start:]))
            if rule is None:
                continue
            private = bool(rule & _PRIVATE)
            if rule & _EXCEPTION:
                return HostParts(labels, count - start - 1, private, True)
            if rule & _WILDCARD and start > 0:
                return HostParts(labels, count - start + 1, private, True)
            if rule & _NAME:
                return HostParts(labels, count - start, private, True)
        return HostParts(labels, 1, False, labels[-1] in self.tlds)


def punycode(name: str) -> str:
    """A lower-case name with its international labels in punycode, without validation; ASCII names unchanged."""
    if name.isascii():
        return name
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in name.lower().split(".")
    )


def from_punycode(name: str) -> str:
    """The other way; labels that do not decode stay as they are."""
    if "xn--" not in name:
        return name
    return ".".join(_decoded(label) for label in name.split("."))


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def load_public_suffixes() -> PublicSuffixes:
    """Parse the bundled list; about 20 ms, so share the result.

    Raises:
        ConfigurationError: the tldextract package or its list is missing.
    """
    spec = find_spec("tldextract")
    for location in (spec.submodule_search_locations if spec else None) or ():
        path = Path(location) / _SNAPSHOT
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                return PublicSuffixes(lines)
    raise ConfigurationError("the public suffix list of the tldextract package is missing")
