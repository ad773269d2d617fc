"""The management routes of data profiles, and scans under them, against a live server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.live import SYNC, LiveServer
from tests.profiles.conftest import Management, profile
from tests.profiles.test_profile_commands import Installation

from scangate.domain.ids import is_uuid, new_id
from scangate.errors import ScangateError


def document(name: str, regex: str = r"\bC-\d{4}\b", **fields: Any) -> dict[str, Any]:
    patterns = [{"type": "regex", "name": "Customer", "regexes": [{"regex": regex}]}]
    return {"data_profile_name": name, "patterns": patterns, **fields}


def imports(name: str) -> dict[str, Any]:
    return {"data_profile_name": name, "patterns": [{"type": "exact_data", "name": "S"}, {"type": "fingerprint", "name": "F"}]}


def policy(**member: Any) -> dict[str, Any]:
    leak = {"action": "block", "member": [member]}
    return {"ai-security-profiles": [{"model-configuration": {"data-protection": {"data-leak-detection": leak}}}]}


def created(management: Management, body: dict[str, Any]) -> dict[str, Any]:
    answer = management.post("/dataprofile", body)
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


def action(live: LiveServer, name: str, prompt: str) -> str:
    with live.client() as client:
        body = {"ai_profile": {"profile_name": name}, "contents": [{"prompt": prompt}]}
        answer = client.post(SYNC, json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["action"])


def eventually(live: LiveServer, name: str, prompt: str, wanted: str) -> None:
    until = time.monotonic() + 10
    while action(live, name, prompt) != wanted:
        assert time.monotonic() < until, "the change did not take effect"
        time.sleep(0.05)


def test_create_show_list_and_send_back(admin: Management) -> None:
    first = created(admin, document("shown", description="About it", created_by="ann@example.org"))
    assert {"revision": 1, "type": "custom", "imported": [], "created_by": "ann@example.org"}.items() <= first.items()
    assert is_uuid(first["data_profile_id"]) and first["created_ts"].endswith("Z")
    for named in ("shown", first["data_profile_id"]):
        assert admin.get(f"/dataprofile/{named}").json() == first
    listed = admin.get("/dataprofiles", limit=1000).json()
    assert first in listed["data_profiles"] and listed["next_offset"] == 0
    assert admin.get(f"/dataprofiles/tsg/{admin.tsg_id}", limit=1000).json() == listed
    second = admin.put(f"/dataprofile/uuid/{first['data_profile_id']}", first).json()
    assert second["revision"] == 2 and second["patterns"] == first["patterns"]


def test_the_list_for_security_profiles_has_both_kinds(admin: Management) -> None:
    own = created(admin, document("in the list", description="Ours"))
    found = {each["name"]: each for each in admin.get("/dlpprofiles").json()["dlp_profiles"]}
    assert found["Sensitive Content"]["id"] == "11995026" and found["PCI"]["uuid"]
    id_ = own["data_profile_id"]
    assert found["in the list"] == {"name": "in the list", "uuid": id_, "id": id_, "version": "1", "description": "Ours"}


def test_scans_follow_the_data_profile(live: LiveServer, admin: Management) -> None:
    own = created(admin, document("followed"))
    assert admin.post("/profile", profile("follows", policy(text="followed"))).status_code == 200
    eventually(live, "follows", "send C-1234", "block")
    assert action(live, "follows", "send D-1234") == "allow"
    admin.put(f"/dataprofile/uuid/{own['data_profile_id']}", document("followed", r"\bD-\d{4}\b"))
    begun = time.monotonic()
    eventually(live, "follows", "send D-1234", "block")
    assert time.monotonic() - begun < 5
    assert action(live, "follows", "send C-1234") == "allow"


def test_values_and_documents(live: LiveServer, admin: Management) -> None:
    own = created(admin, imports("imported"))
    path = f"/dataprofile/{own['data_profile_id']}"
    answer = admin.put(f"{path}/values", {"csv": "id,name\n1,Ann Lee\n2,Bo\n", "column": "name"})
    assert answer.json() == {"data_profile_id": own["data_profile_id"], "revision": 2, "pattern": "S", "size": 1, "skipped": 1}
    assert admin.put(f"{path}/values", {"values": ["4012-77-31"], "append": True}).json()["size"] == 2
    text = " ".join(f"clause{n} of" for n in range(40))
    assert admin.put(f"{path}/fingerprint", {"name": "contract.txt", "text": text}).json()["size"] == 80
    admin.post("/profile", profile("imports", policy(id=own["data_profile_id"])))
    for prompt in ("call ann LEE", "40127731", f"Translate {text[100:300]}"):
        eventually(live, "imports", prompt, "block")
    assert action(live, "imports", "Ann and Lee") == "allow"
    shown = admin.get(path).json()
    assert [(each["pattern"], each["name"]) for each in shown["imported"]] == [("F", "contract.txt"), ("S", "")]
    for entry in admin.get("/auditlogs", limit=10).json()["audit_log"]:
        assert "Lee" not in str(entry) and "4012" not in str(entry) and "clause7" not in str(entry)
    forgotten = admin.delete(f"{path}/import", pattern="S").json()
    assert [each["pattern"] for each in forgotten["imported"]] == ["F"]
    eventually(live, "imports", "call ann LEE", "allow")


def test_what_is_referred_to_stays_unless_forced(live: LiveServer, admin: Management) -> None:
    own = created(admin, document("referred"))
    path = f"/dataprofile/{own['data_profile_id']}"
    revision = admin.post("/profile", profile("refers to data", policy(text="referred"))).json()
    answer = admin.delete(path)
    assert answer.status_code == 409 and "referred" in answer.json()["message"]
    assert [each["profile_id"] for each in answer.json()["payload"]] == [revision["profile_id"]]
    assert admin.delete(f"{path}/force").status_code == 400, "updated_by is required"
    forced = admin.delete(f"{path}/force", updated_by="ann")
    assert forced.status_code == 200 and forced.json() == f"successfully deleted dataProfileId: {own['data_profile_id']}"
    with live.client() as client:
        answer = client.post(SYNC, json={"ai_profile": {"profile_name": "refers to data"}, "contents": [{"prompt": "x"}]})
    assert answer.status_code == 400
    assert admin.delete(f"/profile/{revision['profile_id']}").status_code == 200


BAD = [
    ("does not parse", document("bad", "a(b"), "patterns[0]: regexes[0]: the expression does not parse at position 1"),
    ("empty match", document("bad", "b*"), "empty string"),
    ("too large", document("bad", r"\pL{90}"), "too large"),
    ("no name", {"patterns": document("x")["patterns"]}, "data_profile_name"),
    ("line break in the name", document("a\nb"), "data_profile_name"),
    ("unknown field", document("bad", surprise=1), "surprise"),
    ("not an object", [], ""),
    ("null", None, ""),
]


@pytest.mark.parametrize(("body", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_documents_are_refused_with_the_place(admin: Management, body: object, words: str) -> None:
    kept = admin.get("/dataprofile/kept").json()
    if "data_profile_id" not in kept:
        kept = created(admin, document("kept"))
    for answer in (admin.post("/dataprofile", body), admin.put(f"/dataprofile/uuid/{kept['data_profile_id']}", body)):
        assert answer.status_code == 400 and words in answer.json()["error_message"], answer.text
    assert admin.get("/dataprofile/kept").json() == kept


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("values", {"values": ["12345"], "pattern": "F"}, "exact_data; there are: 'S'"),
        ("values", {}, "values or csv"),
        ("values", {"csv": "a,b\n1,2", "column": "c"}, "no column 'c'"),
        ("values", {"csv": "a,b\n1,2"}, "column"),
        ("values", {"values": ["", "a"]}, "no value of"),
        ("values", {"values": [12345]}, "values.0"),
        ("fingerprint", {"name": "d", "text": "too short"}, "30 to"),
        ("fingerprint", {"name": "", "text": "x " * 50}, "name"),
    ],
)
def test_bad_imports_are_refused(admin: Management, path: str, body: object, words: str) -> None:
    found = admin.get("/dataprofile/importing").json()
    own = found if "data_profile_id" in found else created(admin, imports("importing"))
    answer = admin.put(f"/dataprofile/{own['data_profile_id']}/{path}", body)
    assert answer.status_code == 400 and words in answer.json()["error_message"], answer.text
    assert admin.get("/dataprofile/importing").json() == own


def test_taken_names_are_refused(admin: Management) -> None:
    first = created(admin, document("taken"))
    answer = admin.post("/dataprofile", document("taken"))
    assert answer.status_code == 409 and answer.json()["payload"][0]["data_profile_id"] == first["data_profile_id"]
    assert admin.post("/dataprofile", document("PII - Basic")).status_code == 409


def calls(management: Management, data_profile_id: str) -> list[tuple[str, int]]:
    """Every route with a request that is right, as `(verb, status)`."""
    path = f"/dataprofile/{data_profile_id}"
    return [
        ("read", management.get("/dataprofiles").status_code),
        ("read", management.get("/dlpprofiles").status_code),
        ("read", management.get(f"/dataprofiles/tsg/{management.tsg_id}").status_code),
        ("show", management.get(path).status_code),
        ("create", management.post("/dataprofile", document(new_id())).status_code),
        ("update", management.put(f"/dataprofile/uuid/{data_profile_id}", document(new_id())).status_code),
        ("update", management.put(f"{path}/values", {"values": ["12345"]}).status_code),
        ("update", management.put(f"{path}/fingerprint", {"name": "d", "text": "word " * 40}).status_code),
        ("update", management.delete(f"{path}/import", pattern="S").status_code),
        ("delete", management.delete(path).status_code),
        ("delete", management.delete(f"{path}/force", updated_by="a").status_code),
    ]


def test_another_tenant_a_viewer_and_nobody(
    live: LiveServer, admin: Management, stranger: Management, viewer: Management
) -> None:
    own = created(admin, imports("guarded"))
    id_ = own["data_profile_id"]
    assert {status for verb, status in calls(stranger, id_) if verb in ("show", "update", "delete")} == {404}
    assert stranger.get("/dataprofile/guarded").status_code == 404
    assert {(verb, status) for verb, status in calls(viewer, id_)} == {
        ("read", 200), ("show", 200), ("create", 403), ("update", 403), ("delete", 403),
    }  # fmt: skip
    with live.client() as client:
        assert {status for _, status in calls(Management(client, admin.tsg_id), id_)} == {401}
    assert admin.get("/dataprofile/guarded").json() == own


@pytest.fixture(scope="module")
def installation(live: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(live.data_dir, tmp_path_factory.mktemp("files"))


def test_commands_beside_a_running_server(live: LiveServer, installation: Installation) -> None:
    stored = installation.json("data-profiles", "apply", installation.file("d.yaml", imports("by command")))
    assert (stored["revision"], stored["updated_by"]) == (1, "command line")
    values = installation.files / "staff.csv"
    values.write_text("\ufeffid;name\n7;Carla Bruni-Meier\n", encoding="utf-8")
    done = installation.json("data-profiles", "import-values", "by command", str(values), "--column", "name")
    assert (done["size"], done["skipped"], done["pattern"]) == (1, 0, "S")
    text = installation.files / "contract.txt"
    text.write_text(" ".join(f"paragraph{n} says" for n in range(30)))
    assert "60 words stored" in installation.run("data-profiles", "fingerprint", "by command", str(text), "--name", "contract")
    shown = installation.json("data-profiles", "show", stored["data_profile_id"])
    assert [(each["pattern"], each["name"]) for each in shown["imported"]] == [("F", "contract"), ("S", "")]
    listed = installation.json("data-profiles", "list")
    assert {"PCI", "by command"} <= {each["data_profile_name"] for each in listed}
    assert stored["data_profile_id"] in installation.run("data-profiles", "list")
    installation.apply("commanded", policy(text="by command"))
    eventually(live, "commanded", "ask carla bruni meier", "block")
    with pytest.raises(ScangateError, match="refer to the data profile"):
        installation.run("data-profiles", "delete", "by command")
    again = installation.json("data-profiles", "apply", installation.file("again.json", shown))
    assert again["revision"] == 4 and len(again["imported"]) == 2
    assert installation.json("data-profiles", "delete", "by command", "--force")["data_profile_name"] == "by command"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "nothing"], "no data profile 'nothing'"),
        (["delete", "nothing"], "no data profile 'nothing'"),
        (["apply", "/no/such/file"], "cannot read"),
        (["import-values", "x", "/no/such/file"], "cannot read"),
        (["fingerprint", "x", "/no/such/file"], "cannot read"),
    ],
)
def test_commands_say_what_cannot_be_done(installation: Installation, arguments: list[str], words: str) -> None:
    with pytest.raises(ScangateError) as raised:
        installation.run("data-profiles", *arguments)
    assert words in raised.value.message


def test_a_file_that_is_not_text_is_refused(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"ab\xff")
    with pytest.raises(ScangateError, match="not text in UTF-8, at byte 2"):
        installation.run("data-profiles", "fingerprint", "x", str(tmp_path / "x"))
