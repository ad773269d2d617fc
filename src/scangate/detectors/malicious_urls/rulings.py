"""What a profile wants for the categories of a URL."""

from __future__ import annotations

from typing import Final

from scangate.detectors.malicious_urls.categories import risk_of, url_categories
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.domain.taxonomy import Action

_STRICTNESS: Final = (Action.BLOCK, Action.ALERT, Action.ALLOW)


class Rulings:
    """One decision per category, compiled from the options."""

    __slots__ = ("_flagged", "_listable")

    def __init__(self, options: MaliciousUrlsOptions) -> None:
        flagged: dict[str, Action] = {}
        if options.action is not None:
            flagged.update(dict.fromkeys(options.default, options.action))
        for name in options.allow:
            flagged.pop(name, None)
        flagged.update(dict.fromkeys(options.alert, Action.ALERT))
        flagged.update(dict.fromkeys(options.block, Action.BLOCK))
        self._flagged = flagged
        self._listable = frozenset(name for name, category in url_categories().items() if not category.derived)

    def on(self, categories: tuple[str, ...]) -> Action | None:
        """The strictest action that the profile flags one of the categories with; None when it flags none of them.

        Flagged with ALLOW is reported as malicious and let through. A listed URL also belongs to `medium-risk` or `low-risk`.
        """
        wanted = [self._flagged[name] for name in categories if name in self._flagged]
        if not self._listable.isdisjoint(categories):
            by_risk = self._flagged.get(f"{risk_of(categories)}-risk")
            if by_risk is not None:
                wanted.append(by_risk)
        return min(wanted, key=_STRICTNESS.index, default=None)
