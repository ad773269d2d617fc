"""The management routes of custom topics, each documented behaviour against a live server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.live import LiveServer
from tests.profiles.conftest import Management, policy, profile, topic, topics_policy

from scangate.domain.ids import is_uuid, new_id


def reference(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("topic_name", "topic_id", "revision")}


def listed(management: Management, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = management.get("/topics", limit=1000).json()["custom_topics"]
    return [each for each in found if each["topic_name"] == name]


def test_create_answers_with_the_object_and_lists_it(admin: Management) -> None:
    answer = admin.post("/topic", topic("cooking", created_by="ann@example.org", topic_id=new_id(), created_ts=None))
    document = answer.json()
    assert answer.status_code == 200, answer.text
    assert {"topic_name": "cooking", "revision": 1, "active": True, "examples": ["one", "two"]}.items() <= document.items()
    assert (document["created_by"], document["updated_by"]) == ("ann@example.org", "ann@example.org")
    assert is_uuid(document["topic_id"]) and document["created_ts"].endswith("Z")
    assert listed(admin, "cooking") == [document]
    assert admin.http.get("/aisec/v1/mgmt/topics").json() == admin.get("/topics").json()


def test_put_makes_the_next_revision_of_the_same_id(admin: Management) -> None:
    first = admin.post("/topic", topic("changing")).json()
    changed = topic("changed", examples=["ü"], description="Other", active=False, updated_by="bo")
    second = admin.put(f"/topic/uuid/{first['topic_id']}", changed).json()
    assert (second["topic_id"], second["revision"], second["updated_by"]) == (first["topic_id"], 2, "bo")
    assert (second["topic_name"], second["examples"], second["active"]) == ("changed", ["ü"], False)
    assert (second["created_by"], second["created_ts"]) == (first["created_by"], first["created_ts"])
    assert listed(admin, "changed") == [second] and listed(admin, "changing") == []


def test_a_taken_name_is_refused_and_nothing_is_stored(admin: Management) -> None:
    first, other = (admin.post("/topic", topic(name)).json() for name in ("taken topic", "other topic"))
    for answer in (
        admin.post("/topic", topic("taken topic", description="Later")),
        admin.put(f"/topic/uuid/{other['topic_id']}", topic("taken topic")),
    ):
        assert answer.status_code == 409 and answer.json()["payload"] == [reference(first)]
    assert listed(admin, "taken topic") == [first] and listed(admin, "other topic") == [other]


def test_delete_answers_with_a_bare_string(admin: Management) -> None:
    document = admin.post("/topic", topic("short-lived")).json()
    answer = admin.delete(f"/topic/{document['topic_id']}")
    assert answer.status_code == 200 and answer.json() == f"successfully deleted topicId: {document['topic_id']}"
    assert admin.delete(f"/topic/{document['topic_id']}").status_code == 404


def test_a_topic_that_revisions_refer_to_stays_unless_forced(admin: Management) -> None:
    document = admin.post("/topic", topic("referred")).json()
    first = admin.post("/profile", profile("refers", topics_policy(reference(document)))).json()
    second = admin.put(f"/profile/uuid/{first['profile_id']}", profile("refers", topics_policy(reference(document)))).json()
    admin.put(f"/profile/uuid/{first['profile_id']}", profile("refers", policy()))
    answer = admin.delete(f"/topic/{document['topic_id']}")
    assert answer.status_code == 409 and "referred" in answer.json()["message"]
    assert answer.json()["payload"] == [
        {"profile_id": each["profile_id"], "profile_name": "refers", "revision": each["revision"]} for each in (second, first)
    ]
    assert admin.delete(f"/topic/{document['topic_id']}/force").status_code == 400, "updated_by is required"
    forced = admin.delete(f"/topic/{document['topic_id']}/force", updated_by="ann@example.org")
    assert forced.status_code == 200 and forced.json() == f"successfully deleted topicId: {document['topic_id']}"
    assert admin.revisions("refers")[0] == first, "no revision is ever changed"
    again = admin.put(f"/profile/uuid/{first['profile_id']}", first)
    assert again.status_code == 400 and document["topic_id"] in again.json()["error_message"]
    assert admin.delete(f"/profile/{first['profile_id']}").status_code == 200


def test_deleting_the_referring_revisions_frees_the_topic(admin: Management) -> None:
    document = admin.post("/topic", topic("freed")).json()
    referring = admin.post("/profile", profile("frees", topics_policy(reference(document)))).json()
    assert admin.delete(f"/topic/{document['topic_id']}").status_code == 409
    admin.delete(f"/profile/{referring['profile_id']}")
    assert admin.delete(f"/topic/{document['topic_id']}").status_code == 200


def test_the_other_path_of_a_forced_delete(admin: Management) -> None:
    for query in ({"updated_by": "ann@example.org"}, {}):
        document = admin.post("/topic", topic("forced")).json()
        admin.post("/profile", profile("forced to", topics_policy(reference(document))))
        answer = admin.delete(f"/topic/force/{document['topic_id']}", **query)
        assert answer.json() == f"successfully deleted topicId: {document['topic_id']}"
        admin.delete(f"/profile/{admin.newest('forced to')['profile_id']}")
    assert admin.delete(f"/topic/force/{new_id()}").status_code == 404


def test_a_policy_names_topics_by_id_or_by_name(admin: Management) -> None:
    document = admin.post("/topic", topic("named")).json()
    sent = [
        {"topic_name": "named", "severity": "high"},
        {"topic_id": document["topic_id"], "topic_name": "as it was called once"},
    ]
    created = admin.post("/profile", profile("names", topics_policy(*sent))).json()
    allowed, blocked = created["policy"]["ai-security-profiles"][0]["model-configuration"]["model-protection"][0]["topic-list"]
    assert allowed == {"action": "allow", "topic": []}
    assert blocked["topic"] == [
        reference(document) | {"severity": "high"},
        {"topic_id": document["topic_id"], "topic_name": "as it was called once", "revision": 1},
    ]
    assert admin.delete(f"/topic/{document['topic_id']}").status_code == 409


def test_topics_of_a_direction_count_as_well(admin: Management) -> None:
    document = admin.post("/topic", topic("of a direction")).json()
    configuration = topics_policy(reference(document))["ai-security-profiles"][0]["model-configuration"]
    directional = {"content-type-mode": "per_content_type", "content-type-configurations": {"response": configuration}}
    admin.post("/profile", profile("directional topics", {"ai-security-profiles": [directional]}))
    answer = admin.delete(f"/topic/{document['topic_id']}")
    assert [each["profile_name"] for each in answer.json()["payload"]] == ["directional topics"]


def test_twenty_topics_in_a_profile_and_no_more(admin: Management) -> None:
    references = [reference(admin.post("/topic", topic(f"many {number}")).json()) for number in range(21)]
    refused = admin.post("/profile", profile("many topics", topics_policy(*references)))
    assert refused.status_code == 400 and "at most 20 topics" in refused.json()["error_message"]
    assert admin.post("/profile", profile("many topics", topics_policy(*references[:20], *references[:20]))).status_code == 200


def test_limits_are_bytes_of_utf8_and_the_largest_topic_fits(admin: Management) -> None:
    assert admin.post("/topic", topic("é" * 50, description="ü" * 125, examples=["n" * 130] * 5)).status_code == 200
    assert admin.post("/topic", topic("e", description="d" * 250, examples=["n" * 250] * 2)).status_code == 200
    assert admin.post("/topic", topic("f" * 100, description="d" * 250, examples=["n" * 130] * 5)).status_code == 200


BAD = [
    ("name over 100 bytes", topic("é" * 50 + "x"), "topic_name: at most 100 bytes"),
    ("blank name", topic(" "), "topic_name"),
    ("line break in the name", topic("a\nb"), "control characters"),
    ("no description", {"topic_name": "x", "examples": ["a"]}, "description"),
    ("description over 250 bytes", topic("x", description="ü" * 126), "description: at most 250 bytes"),
    ("NUL in the description", topic("x", description="a\x00"), "description: control characters"),
    ("no example", topic("x", examples=[]), "examples"),
    ("six examples", topic("x", examples=["a"] * 6), "examples: a list of 1 to 5"),
    ("an example over 250 bytes", topic("x", examples=["a", "ü" * 126]), "examples[1]: at most 250 bytes"),
    ("an empty example", topic("x", examples=[""]), "examples[0]"),
    ("an example that is a number", topic("x", examples=[5]), "examples[0]"),
    ("more than 1000 bytes together", topic("f" * 100, description="d" * 250, examples=["n" * 130] * 4 + ["n" * 131]), "1000 bytes"),
    ("examples that are no list", topic("x", examples="one"), "examples"),
    ("active is no truth value", topic("x", active=1), "active"),
    ("not an object", [], ""),
    ("null", None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("document", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_documents_are_refused_with_the_field(admin: Management, document: object, words: str) -> None:
    found = listed(admin, "kept")
    kept = found[0] if found else admin.post("/topic", topic("kept")).json()
    for answer in (admin.post("/topic", document), admin.put(f"/topic/uuid/{kept['topic_id']}", document)):
        assert answer.status_code == 400 and words in answer.json()["error_message"], answer.text
    assert listed(admin, "kept") == [kept]


def test_pages_follow_each_other_and_end_with_0(admin: Management) -> None:
    for number in range(7):
        admin.post("/topic", topic(f"page {number}"))
    offset, pages = 0, []
    while True:
        document = admin.get("/topics", limit=3, offset=offset).json()
        pages += document["custom_topics"]
        offset = document["next_offset"]
        if offset == 0:
            break
    assert pages == admin.get("/topics", limit=1000).json()["custom_topics"]
    assert [each["topic_name"] for each in pages] == sorted(each["topic_name"] for each in pages) and len(pages) >= 7
    assert admin.get(f"/topics/tsg/{admin.tsg_id}", limit=3).json() == admin.get("/topics", limit=3).json()


def calls(management: Management, topic_id: str) -> list[tuple[str, int]]:
    """Every route with a request that is right, as `(verb, status)`."""
    return [
        ("read", management.get("/topics").status_code),
        ("read", management.get(f"/topics/tsg/{management.tsg_id}").status_code),
        ("create", management.post("/topic", topic("never")).status_code),
        ("update", management.put(f"/topic/uuid/{topic_id}", topic("never")).status_code),
        ("delete", management.delete(f"/topic/{topic_id}").status_code),
        ("delete", management.delete(f"/topic/{topic_id}/force", updated_by="a").status_code),
        ("delete", management.delete(f"/topic/force/{topic_id}").status_code),
    ]


def test_another_tenant_sees_and_changes_nothing(admin: Management, stranger: Management) -> None:
    ours = admin.post("/topic", topic("ours")).json()
    theirs = stranger.post("/topic", topic("ours", description="Theirs")).json()
    assert stranger.get("/topics").json()["custom_topics"] == [theirs]
    assert stranger.get(f"/topics/tsg/{admin.tsg_id}").status_code == 404
    assert [status for verb, status in calls(stranger, ours["topic_id"]) if verb in ("update", "delete")] == [404] * 4
    refused = stranger.post("/profile", profile("with ours", topics_policy(reference(ours))))
    assert refused.status_code == 400 and "topic" in refused.json()["error_message"]
    assert listed(admin, "ours") == [ours]


def test_view_only_role_reads_and_nothing_else(viewer: Management, admin: Management) -> None:
    ours = admin.post("/topic", topic("viewed")).json()
    assert [
        (verb, status) for verb, status in calls(viewer, ours["topic_id"]) if status != (200 if verb == "read" else 403)
    ] == []
    assert listed(admin, "viewed") == [ours]


def test_no_route_without_a_token(live: LiveServer, admin: Management) -> None:
    with live.client() as client:
        assert {status for _, status in calls(Management(client, admin.tsg_id), new_id())} == {401}


def test_fifty_writers_make_fifty_revisions(admin: Management) -> None:
    first = admin.post("/topic", topic("contended topic")).json()

    def write(number: int) -> int:
        answer = admin.put(f"/topic/uuid/{first['topic_id']}", topic("contended topic", description=str(number)))
        return int(answer.json()["revision"])

    with ThreadPoolExecutor(50) as pool:
        revisions = list(pool.map(write, range(50)))
    assert sorted(revisions) == list(range(2, 52))
    changes = admin.get("/auditlogs", limit=51).json()["audit_log"]
    assert {each["after"]["description"] for each in changes[:50]} == {str(number) for number in range(50)}


def test_every_change_is_in_the_audit_log(admin: Management) -> None:
    first = admin.post("/topic", topic("audited topic")).json()
    second = admin.put(f"/topic/uuid/{first['topic_id']}", topic("audited topic", examples=["three"])).json()
    admin.delete(f"/topic/{first['topic_id']}/force", updated_by="ann@example.org")
    forced, updated, created = admin.get("/auditlogs", limit=3).json()["audit_log"]
    assert [each["action"] for each in (created, updated, forced)] == ["create", "update", "force delete"]
    assert (created["before"], created["after"]) == (None, first)
    assert (updated["before"], updated["after"]) == (first, second)
    assert (forced["before"], forced["after"]) == (second, {"updated_by": "ann@example.org"})
