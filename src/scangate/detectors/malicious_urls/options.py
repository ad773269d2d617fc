"""What a profile asks of the URL detector."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.malicious_urls.categories import MALICIOUS, malicious_categories, url_categories
from scangate.detectors.malicious_urls.feed_lines import LineRefusedError
from scangate.detectors.malicious_urls.own_lists import ENTRIES_MAX, parse_own_entry
from scangate.domain.profile import Protections, UrlCategories, UrlList
from scangate.domain.taxonomy import Action, Severity
from scangate.errors import ProfileInvalidError
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes


class MaliciousUrlsOptions(BaseModel):
    """A category that stands in several lists gets the strictest: block, then alert, then allow, then the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action | None = Field(None, description="For categories of `default`: block, allow or alert; null: not looked for.")
    default: tuple[str, ...] = Field((), description="Categories that `action` applies to, unless another list names them.")
    allow: tuple[str, ...] = Field((), description="Categories that are never flagged, malicious ones included.")
    block: tuple[str, ...] = Field((), description="Categories that are flagged and blocked.")
    alert: tuple[str, ...] = Field((), description="Categories that are flagged and let through.")
    allow_urls: tuple[str, ...] = Field((), description="URLs and domains that are never flagged, whatever their category.")
    block_urls: tuple[str, ...] = Field((), description="URLs and domains that are flagged and blocked.")
    alert_urls: tuple[str, ...] = Field((), description="URLs and domains that are flagged and let through.")
    severity: Severity = Field(Severity.LOW, description="Severity of every flagged URL.")


def from_protections(protections: Protections) -> MaliciousUrlsOptions | None:
    """The options of `app-protection`; None when `url-detected-action` is "" and neither a category nor a URL is given.

    With an action and no `default-url-category`, the malicious categories are meant.

    Raises:
        ProfileInvalidError: a category does not exist, or an entry of the own lists is no URL or host; with its path.
    """
    app = protections.app_protection
    if app is None:
        return None
    listed = {
        action: _categories(getattr(app, f"{action}_url_category"), f"{action}-url-category")
        for action in ("allow", "block", "alert")
    }
    default = _categories(app.default_url_category, "default-url-category")
    own = {
        f"{action}_urls": _own(getattr(app, f"{action}_url_list"), f"{action}-url-list") for action in ("allow", "block", "alert")
    }
    action = Action(app.url_detected_action) if app.url_detected_action else None
    if action is None and not any(listed.values()) and not any(own.values()):
        return None
    return MaliciousUrlsOptions(
        action=action,
        default=(default or tuple(sorted(malicious_categories()))) if action else (),
        **listed,
        **own,
        severity=app.url_detected_severity or Severity.LOW,
    )


def _categories(listed: UrlCategories | None, field: str) -> tuple[str, ...]:
    """Names, lower-cased and sorted; the word `malicious` stands for its set."""
    names: set[str] = set()
    for index, member in enumerate((listed.member if listed else None) or ()):
        name = member.strip().lower()
        if name == MALICIOUS:
            names |= malicious_categories()
        elif name in url_categories():
            names.add(name)
        else:
            raise ProfileInvalidError(f"unknown URL category {member[:64]!r}", path=f"app-protection.{field}.member[{index}]")
    return tuple(sorted(names))


def _own(listed: UrlList | None, field: str) -> tuple[str, ...]:
    entries = tuple((listed.member if listed else None) or ())
    if len(entries) > ENTRIES_MAX:
        raise ProfileInvalidError(f"more than {ENTRIES_MAX} entries", path=f"app-protection.{field}.member")
    for index, entry in enumerate(entries):
        try:
            parse_own_entry(entry, _suffixes())
        except LineRefusedError as error:
            raise ProfileInvalidError(f"not a URL or host: {error}", path=f"app-protection.{field}.member[{index}]") from None
    return entries


@cache
def _suffixes() -> PublicSuffixes:
    """Read when the first profile has lists of its own."""
    return load_public_suffixes()
