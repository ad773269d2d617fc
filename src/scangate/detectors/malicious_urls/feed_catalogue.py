"""The catalogue of public feeds: where each is, how it is written, what it is about, on which terms. No network here."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from scangate.detectors.malicious_urls.categories import url_categories
from scangate.detectors.malicious_urls.feed_lines import FeedFormat
from scangate.errors import ConfigurationError
from scangate.matching.documents import read_yaml

CATALOGUE_BYTES_MAX: Final = 1024 * 1024
_NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_FEED_BYTES_MAX: Final = 256 * 1024 * 1024


def is_loopback(hostname: str | None) -> bool:
    """`localhost`, 127.0.0.0/8 and ::1."""
    if hostname is None:
        return False
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return hostname.lower() == "localhost"


def check_address(url: str) -> str:
    """The address, if a feed may be fetched from it: https, or http on this very machine.

    Raises:
        ValueError: anything else.
    """
    try:
        parts = urlsplit(url)
        hostname = parts.hostname
    except ValueError:
        raise ValueError("the address is malformed") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
        raise ValueError("feeds are fetched over https only (http on the loopback interface)")
    if not hostname:
        raise ValueError("the address names no host")
    return url


def _listable(category: str) -> str:
    known = url_categories().get(category)
    if known is None or known.derived:
        raise ValueError(f"unknown URL category {category[:64]!r}")
    return category


class CatalogueFeed(BaseModel):
    """One feed of a catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME, description="What the feed is called here; the file in the feeds folder.")
    title: str = Field("", max_length=200, description="For people.")
    url: Annotated[str, AfterValidator(check_address)] = Field(
        description="Where it is fetched from: https, or http on the loopback interface."
    )
    about: str = Field("", max_length=500, description="Where the publisher explains it.")
    format: FeedFormat = Field(FeedFormat.AUTO, description="How it is written.")
    category: Annotated[str, AfterValidator(_listable)] = Field("malware", description="Category of entries that name none.")
    licence: str = Field("", max_length=200, description="The publisher's terms.")
    every_hours: float = Field(24, gt=0, le=24 * 90, description="Asked no more often than this.")
    max_bytes: int = Field(64 * 1024 * 1024, gt=0, le=_FEED_BYTES_MAX, description="Largest size, unpacked.")
    default: bool = Field(False, description="Fetched by `feeds update` without names.")
    exceptions: bool = Field(False, description="Whether its entries may allow hosts; those of other feeds are refused.")


_CATALOGUE: Final = TypeAdapter(tuple[CatalogueFeed, ...])


def read_catalogue(path: Path) -> tuple[CatalogueFeed, ...]:
    """A catalogue of your own, in the form of data/feeds.yaml.

    Raises:
        ConfigurationError: it cannot be read, or does not say what a catalogue says; with the place of the fault.
    """
    try:
        if path.stat().st_size > CATALOGUE_BYTES_MAX:
            raise ConfigurationError(f"the catalogue is larger than {CATALOGUE_BYTES_MAX} bytes")
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read the catalogue: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError("the catalogue is not UTF-8") from None
    return _parsed(text)


@cache
def load_catalogue() -> tuple[CatalogueFeed, ...]:
    """The catalogue that comes with the package."""
    return _parsed(files(__package__).joinpath("data/feeds.yaml").read_text("utf-8"))


def _parsed(text: str) -> tuple[CatalogueFeed, ...]:
    try:
        document = read_yaml(text)
    except ValueError:
        raise ConfigurationError("the catalogue is no valid YAML") from None
    try:
        feeds = _CATALOGUE.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"the catalogue, at {place}: {first['msg']}") from None
    twice = [name for name, count in Counter(feed.name for feed in feeds).items() if count > 1]
    if twice:
        raise ConfigurationError(f"the catalogue names {twice[0]!r} twice")
    return feeds
