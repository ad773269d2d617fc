"""Plans follow the topics that their profiles name: changed, switched off, deleted, in other revisions and tenants."""

from __future__ import annotations

from pathlib import Path

from tests.profiles.conftest import topics_policy
from tests.profiles.test_profile_storage import FIRST, on

from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.detectors.topic_guardrails.library import find_in_library
from scangate.detectors.topic_guardrails.model import FOLDER
from scangate.domain.content import Content, Part
from scangate.domain.taxonomy import Category, PartKind, Side
from scangate.engine.pipeline import scan
from scangate.profiles.pepper import Pepper
from scangate.profiles.service import Profiles
from scangate.profiles.topics import TopicDraft, Topics

BETTING = "Which team should I bet on in tonight's match?"


def draft(topic_id: str, *, active: bool = True) -> TopicDraft:
    topic = find_in_library(topic_id)
    return TopicDraft("the topic", topic.description, list(topic.examples), active)


def test_a_plan_follows_its_topics(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        specs = [spec for spec in REGISTRY if spec.name == "topic_guardrails"]
        profiles = Profiles(database, specs, Resources(data_dir=tmp_path), Pepper(secret="p" * 32))
        topics = Topics(database, on_change=profiles.forget_all)

        async def category() -> Category:
            plan = await profiles.plan(FIRST.tsg_id, profile_id=None, profile_name="guarded")
            return scan(Content((Part(Side.PROMPT, PartKind.TEXT, BETTING),)), plan).category

        topic = await topics.create(FIRST, draft("gambling"), by="x")
        document = {"profile_name": "guarded", "policy": topics_policy({"topic_name": "the topic"})}
        await profiles.apply(FIRST, document, by="x")
        assert len(list((tmp_path / FOLDER).iterdir())) > 5, "encoded when the profile was stored"
        assert await category() is Category.MALICIOUS
        await topics.replace(FIRST, topic.topic_id, draft("recipes"), by="x")
        assert await category() is Category.BENIGN
        await topics.replace(FIRST, topic.topic_id, draft("gambling", active=False), by="x")
        assert await category() is Category.BENIGN
        await topics.replace(FIRST, topic.topic_id, draft("gambling"), by="x")
        assert await category() is Category.MALICIOUS
        await topics.remove(FIRST, topic.topic_id, forced_by="x")
        assert await category() is Category.BENIGN

    on(f"sqlite+aiosqlite:///{tmp_path / 'scangate.db'}", work)
