"""Ready topics that come with the service, each with texts that must match it and texts that must not, in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.errors import ConfigurationError, NotFoundError
from scangate.matching.documents import read_yaml

_LEAST_ROWS: Final = 2


class _Topic(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    description: str = Field(min_length=1, max_length=250)
    examples: list[str] = Field(min_length=2, max_length=5)
    matches: dict[str, list[str]]
    passes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class LibraryTopic:
    """`matches` and `passes` are its test rows, by language."""

    id: str
    group: str
    name: str
    description: str
    examples: tuple[str, ...]
    matches: Mapping[str, tuple[str, ...]]
    passes: Mapping[str, tuple[str, ...]]

    def options(self) -> TopicOptions:
        return TopicOptions(name=self.name, description=self.description, examples=self.examples)


@cache
def load_library() -> Mapping[str, LibraryTopic]:
    """Every topic by its id, in the order of the files.

    Raises:
        ConfigurationError: a file is not as it should be, or a topic has fewer than two texts of either kind.
    """
    found: dict[str, LibraryTopic] = {}
    folder = resources.files(__package__) / "library"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        group = file.name.removesuffix(".yaml")
        for topic_id, document in read_yaml(file.read_text(encoding="utf-8")).items():
            found[topic_id] = _topic(topic_id, group, document)
    return found


def find_in_library(id_or_name: str) -> LibraryTopic:
    """
    Raises:
        NotFoundError: the library has no such topic.
    """
    library = load_library()
    wanted = id_or_name.strip().casefold()
    for topic in library.values():
        if wanted in (topic.id, topic.name.casefold()):
            return topic
    raise NotFoundError(f"the library has no topic {id_or_name!r}; `scangate topics library` lists them")


def _topic(topic_id: str, group: str, document: object) -> LibraryTopic:
    try:
        topic = _Topic.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(f"topic {topic_id!r} of the library: {error.errors()[0]['msg']}") from None
    for rows in (topic.matches, topic.passes):
        if sum(map(len, rows.values())) < _LEAST_ROWS:
            raise ConfigurationError(f"topic {topic_id!r} of the library has fewer than {_LEAST_ROWS} texts of a kind")
    return LibraryTopic(
        topic_id, group, topic.name, topic.description, tuple(topic.examples), _frozen(topic.matches), _frozen(topic.passes)
    )


def _frozen(rows: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {lang: tuple(texts) for lang, texts in rows.items()}
