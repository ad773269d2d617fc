"""What a new user sees: the first start, the second, and the starts that are refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
import ssl
import stat
import subprocess
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from tests.live import SYNC, LiveServer, free_port, running, scangate_command

FIELDS = {"url", "http_url", "ca_cert", "api_key", "client_id", "client_secret", "token_url", "tsg_id", "profiles"}


def refused(*arguments: str) -> str:
    """Start a server that must not start; returns its one line of explanation."""
    done = subprocess.run(scangate_command("serve", *arguments), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    line: str = done.stderr.strip()
    assert len(line.splitlines()) == 1
    return line


def test_bootstrap_file_has_everything_and_is_private(server: LiveServer) -> None:
    file = server.data_dir / "bootstrap.json"
    assert set(server.bootstrap) == FIELDS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {"default", "monitor", "mask-sensitive-data"} <= set(server.bootstrap["profiles"])


def test_greeting_is_short_and_its_curl_works_when_pasted(server: LiveServer) -> None:
    lines = server.output.splitlines()
    assert len(lines) < 10
    assert server.url in lines[0]
    assert f"export SSL_CERT_FILE={server.bootstrap['ca_cert']}" in lines
    assert server.key not in server.output, "terminals and journals keep what is printed"
    curl = next(line for line in lines if line.startswith("curl "))
    done = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout)["action"] == "block"


def test_certificate_names_this_host_and_clients_accept_it(server: LiveServer) -> None:
    with server.tls_client() as client:
        assert client.post(SYNC, json={"contents": [{"prompt": "Hello"}]}).status_code == 200
    pem = ssl.get_server_certificate(("localhost", int(server.url.rpartition(":")[2])))
    names = x509.load_pem_x509_certificate(pem.encode()).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}


def test_second_server_on_the_same_directory_is_refused(server: LiveServer) -> None:
    message = refused("--data-dir", str(server.data_dir), "--port", "0")
    assert "already serves" in message and str(server.data_dir) in message and str(server.process.pid) in message


def test_restart_keeps_keys_profiles_and_certificate_and_updates_the_address(tmp_path: Path) -> None:
    with running(tmp_path / "data") as first, first.client() as client:
        scan_id = client.post(SYNC, json={"contents": [{"prompt": "Hello"}]}).json()["scan_id"]
    with running(tmp_path / "data") as second:
        assert second.url != first.url
        assert {name: second.bootstrap[name] for name in FIELDS - {"url", "http_url", "token_url"}} == {
            name: first.bootstrap[name] for name in FIELDS - {"url", "http_url", "token_url"}
        }
        with second.client() as client:
            row = client.get(f"/v1/scan/results/{scan_id}").json()
        assert row["status"] == "complete", "a scan that was answered before SIGTERM is recorded"


def test_port_in_use_is_refused(server: LiveServer, tmp_path: Path) -> None:
    message = refused("--data-dir", str(tmp_path / "data"), "--port", str(server.http_port))
    assert f"127.0.0.1:{server.http_port}" in message


def test_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir):
        pass
    database = data_dir / "scangate.db"
    garbage = b"this is not a database" * 1000
    database.write_bytes(garbage)
    assert "not a sound SQLite database" in refused("--data-dir", str(data_dir), "--port", "0")
    assert database.read_bytes() == garbage


def test_database_damaged_inside_is_refused(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir):
        pass
    database = data_dir / "scangate.db"
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 6] = b"\xa5" * (4096 * 5)
    database.write_bytes(bytes(content))
    assert "not a sound SQLite database" in refused("--data-dir", str(data_dir), "--port", "0")


def test_lost_database_is_not_silently_made_anew(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir):
        pass
    (data_dir / "scangate.db").unlink()
    assert "is gone" in refused("--data-dir", str(data_dir), "--port", "0")
    assert not (data_dir / "scangate.db").exists()


def test_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir):
        pass
    with sqlite3.connect(data_dir / "scangate.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer Scangate" in refused("--data-dir", str(data_dir), "--port", "0")


def test_crash_between_commit_and_bootstrap_file_loses_no_key(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir) as first:
        key = first.key
    (data_dir / "bootstrap.json").rename(data_dir / "bootstrap.json.draft")
    with running(data_dir) as second:
        assert second.key == key
        with second.client() as client:
            assert client.get("/v1/scan/results", params={"scan_ids": "x"}).status_code == 400


def test_own_certificate_is_used(server: LiveServer, tmp_path: Path) -> None:
    tls = server.data_dir / "tls"
    for name in ("server.pem", "server.key"):
        shutil.copy(tls / name, tmp_path / name)
    options = ["--tls-cert", str(tmp_path / "server.pem"), "--tls-key", str(tmp_path / "server.key")]
    with running(tmp_path / "data", *options) as live:
        assert live.bootstrap["ca_cert"] is None
        context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{live.url}/health").status_code == 200
    assert not (tmp_path / "data" / "tls").exists()


BAD_OPTIONS = [
    (["--tls-cert", "server.pem"], "set both or neither"),
    (["--tls-cert", "no.pem", "--tls-key", "no.key"], "TLS file not found"),
    (["--tls-cert", __file__, "--tls-key", __file__], "TLS certificate or key cannot be used"),
    (["--port", "70000"], "SCANGATE_SERVER__PORT"),
    (["--workers", "0"], "SCANGATE_SERVER__WORKERS"),
    (["--host", "203.0.113.1"], "cannot listen on 203.0.113.1"),
    (["--data-dir", "/proc/scangate"], "cannot use the data directory"),
]


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS, ids=[words for _, words in BAD_OPTIONS])
def test_bad_option_is_refused_in_one_line(tmp_path: Path, options: list[str], words: str) -> None:
    assert words in refused("--data-dir", str(tmp_path / "data"), "--port", str(free_port()), *options)


def test_two_processes_share_port_and_database(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--workers", "2", env={"SCANGATE_LIMITS__QUERIES_PER_MINUTE": "1000"}) as live:
        items = [{"req_id": number, "scan_req": {"contents": [{"prompt": "Hello"}]}} for number in range(10)]
        with live.client() as client:
            scan_ids = [client.post(SYNC, json={"contents": [{"prompt": "Hello"}]}).json()["scan_id"] for _ in range(20)]
            rows = live.wait_for_results(client.post("/v1/scan/async/request", json=items).json()["scan_id"])
            assert sorted(row["req_id"] for row in rows) == list(range(10))
            assert len(set(scan_ids)) == 20
        assert live.terminate() == 0
