"""npm packages for tests that drive JavaScript clients: installed into a folder of their own, by exact version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.live import LiveServer

SDK = "@cdot65/prisma-airs-sdk@0.34.0"
CLI = "@cdot65/prisma-airs-cli@7.0.1"


def install(folder: Path, *packages: str) -> Path:
    """A folder with `node_modules`; skips the test where there is no Node, or no registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *packages]
    done = subprocess.run(command, cwd=folder, check=False, timeout=180, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm cannot fetch {', '.join(packages)} here")
    return folder


def management_environment(server: LiveServer) -> dict[str, str]:
    """What the SDK and its CLI read: over TLS, trusting the server's own certificate authority."""
    document = server.bootstrap
    return {
        "PATH": os.environ["PATH"],
        "NODE_EXTRA_CA_CERTS": str(document["ca_cert"]),
        "PANW_MGMT_CLIENT_ID": str(document["client_id"]),
        "PANW_MGMT_CLIENT_SECRET": str(document["client_secret"]),
        "PANW_MGMT_TSG_ID": str(document["tsg_id"]),
        "PANW_MGMT_ENDPOINT": f"{server.url}/aisec",
        "PANW_MGMT_TOKEN_ENDPOINT": str(document["token_url"]),
    }


def run_script(folder: Path, script: Path, environment: dict[str, str]) -> Any:
    """Run a module in the folder; the last line that it prints is JSON."""
    target = folder / script.name
    shutil.copy(script, target)
    done = subprocess.run(["node", target], cwd=folder, env=environment, timeout=120, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def write_cli_config(server: LiveServer, file: Path) -> Path:
    """The configuration file of the SDK's command line, for this server."""
    document = server.bootstrap
    settings = {
        "airsApiKey": document["api_key"],
        "airsApiEndpoint": server.url,
        "mgmtClientId": document["client_id"],
        "mgmtClientSecret": document["client_secret"],
        "mgmtTsgId": document["tsg_id"],
        "mgmtEndpoint": f"{server.url}/aisec",
        "mgmtDashboardEndpoint": f"{server.url}/aisec",
        "mgmtTokenEndpoint": document["token_url"],
    }
    file.write_text(json.dumps(settings))
    file.chmod(0o600)
    return file
