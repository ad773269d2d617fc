"""The profile's own lists of URLs and domains: what they say beats every other list, category and judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scangate.detectors.malicious_urls.feed_lines import FeedLine, LineRefusedError, parse_entry
from scangate.domain.taxonomy import Action
from scangate.matching.host_index import HostEntry, HostIndex, HostIndexBuilder, look_up
from scangate.matching.public_suffixes import HostParts, PublicSuffixes
from scangate.matching.urls import UrlMatch

ENTRIES_MAX: Final = 5000
ENTRY_LENGTH_MAX: Final = 2048
_STRICTEST_FIRST: Final = (Action.BLOCK, Action.ALERT, Action.ALLOW)


def parse_own_entry(text: str, suffixes: PublicSuffixes) -> HostEntry:
    """`host` (and all below it), `host/path`, an address, with or without scheme and port; `*.host` covers a hosting service's customers.

    Raises:
        LineRefusedError: none of these.
    """
    if len(text) > ENTRY_LENGTH_MAX or len(text.split()) != 1:
        raise LineRefusedError("no URL or host")
    text = text.strip()
    covers_customers = text.startswith(("*.", "."))
    return parse_entry(FeedLine(text.removeprefix("*").removeprefix("."), covers_customers=covers_customers), suffixes)


class OwnLists:
    """Immutable. The most specific entry decides; of two for one host or URL the stricter one."""

    def __init__(self, entries: Mapping[Action, Sequence[str]], suffixes: PublicSuffixes) -> None:
        """
        Raises:
            LineRefusedError: an entry that `parse_own_entry` refuses.
        """
        builder = HostIndexBuilder()
        for action in _STRICTEST_FIRST:
            for text in entries.get(action, ()):
                builder.add(parse_own_entry(text, suffixes), (action.value,))
        has_entries = any(entries.values())
        self._index = HostIndex(memoryview(builder.to_bytes("own"))) if has_entries else None

    def ruling(self, match: UrlMatch, parts: HostParts | None) -> Action | None:
        """What the lists say; None where they say nothing."""
        if self._index is None:
            return None
        listing = look_up((self._index,), match.host, match.port, match.path, parts)
        return Action(listing.categories[0]) if listing else None
