"""Warnings, evaluation and library over the management API, and what scans under topics answer, against a live server."""

from __future__ import annotations

from typing import Any

from tests.profiles.conftest import Management

from scangate.detectors.topic_guardrails.library import find_in_library

RECIPES = find_in_library("recipes")


def cooking(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "topic_name": name,
        "revision": 1,
        "description": RECIPES.description,
        "examples": list(RECIPES.examples),
        **fields,
    }


ROWS = [
    {"text": "How do I bake bread without yeast?", "label": 1, "lang": "en"},
    {"text": "Wie lange kocht man Reis?", "label": True, "lang": "de"},
    {"text": "The election takes place on Sunday.", "label": 0, "lang": "en"},
    {"text": "Who won the match last night?", "label": False, "lang": "en"},
]


def test_a_weak_topic_is_stored_with_warnings_in_the_header(admin: Management) -> None:
    answer = admin.post("/topic", cooking("one word", description="food", examples=["food"], topic_name="food"))
    assert answer.status_code == 200 and set(answer.json()) == set(admin.post("/topic", cooking("not weak")).json())
    assert "one_word" in answer.headers["Scangate-Topic-Warning"]


def test_a_topic_that_is_another_one_is_warned_of(admin: Management) -> None:
    admin.post("/topic", cooking("first of two"))
    answer = admin.post("/topic", cooking("second of two"))
    assert "same_as_another" in answer.headers["Scangate-Topic-Warning"]
    reviewed = admin.get(f"/topic/{answer.json()['topic_id']}/review").json()
    assert "same_as_another" in {warning["code"] for warning in reviewed["warnings"]}
    assert reviewed["quality"]["examples"] == 5 and reviewed["quality"]["background_share"] < 0.1


def test_a_stored_topic_and_a_draft_are_measured_alike(admin: Management) -> None:
    stored = admin.post("/topic", cooking("measured")).json()
    by_id = admin.post("/topics/evaluate", {"topic_id": stored["topic_id"], "rows": ROWS}).json()
    draft = admin.post("/topics/evaluate", {"topic": cooking("measured"), "rows": ROWS}).json()
    assert by_id == draft and by_id["rows"] == 4 and by_id["about_the_topic"] == 2
    assert by_id["coverage"] >= 0.5 and by_id["false_alarms"] == 0.0 and set(by_id["by_language"]) == {"de", "en"}


def test_evaluations_that_cannot_be_made_are_refused(admin: Management) -> None:
    for body in (
        {"rows": ROWS},
        {"topic": cooking("x"), "rows": []},
        {"topic": cooking("x"), "rows": [{"text": "", "label": 1}]},
        {"topic": cooking("x"), "rows": [{"text": "a"}]},
        {"topic": cooking("x", examples=[]), "rows": ROWS},
    ):
        assert admin.post("/topics/evaluate", body).status_code == 400
    assert admin.post("/topics/evaluate", {"topic_id": "missing", "rows": ROWS}).status_code == 404


def test_the_library_is_listed_and_its_topics_fit(admin: Management) -> None:
    topics = admin.get("/topics/library").json()["library_topics"]
    assert len(topics) >= 40
    chosen = next(topic for topic in topics if topic["id"] == "weather")
    body = {name: chosen[name] for name in ("topic_name", "description", "examples")}
    assert admin.post("/topic", body).status_code == 200
