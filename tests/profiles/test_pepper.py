"""The pepper's file: made once, private, and never replaced."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scangate.errors import ConfigurationError
from scangate.profiles.pepper import FILE_NAME, Pepper, pepper_of
from scangate.settings import load_settings

TENANT_KEY = bytes(range(32))


def test_it_is_made_once_with_mode_0600(tmp_path: Path) -> None:
    first = Pepper(tmp_path)
    first.ensure()
    file = tmp_path / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(file.read_text().strip()) == 64
    assert Pepper(tmp_path).key(TENANT_KEY) == first.key(TENANT_KEY) and Pepper(tmp_path).id == first.id
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as executor:
        ids = set(executor.map(lambda _: Pepper(tmp_path).id, range(32)))
    assert len(ids) == 1


def test_key_and_id_depend_on_the_secret_and_do_not_show_it(tmp_path: Path) -> None:
    one, other = Pepper(secret="a" * 32), Pepper(tmp_path)
    assert len(one.key(TENANT_KEY)) == 32 and one.key(TENANT_KEY) != one.key(bytes(32))
    assert one.key(TENANT_KEY) != other.key(TENANT_KEY) and one.id != other.id
    assert one.id not in one.key(TENANT_KEY).hex()


def test_a_setting_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANGATE_DATA_PROFILES__PEPPER", "shared by all hosts of the cluster")
    settings = load_settings(data_dir=tmp_path)
    assert pepper_of(settings).id == Pepper(secret="shared by all hosts of the cluster").id
    assert not (tmp_path / FILE_NAME).exists() and "shared by" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "mode", "said"), [("f" * 64, 0o644, "everybody"), ("short", 0o600, "restore"), ("é" * 64, 0o600, "text")]
)
def test_a_file_that_cannot_be_trusted_is_refused(tmp_path: Path, content: str, mode: int, said: str) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(content, "utf-8")
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=said) as caught:
        Pepper(tmp_path).ensure()
    assert content not in caught.value.message


def test_without_a_place_there_is_none() -> None:
    with pytest.raises(ConfigurationError, match="SCANGATE_DATA_PROFILES__PEPPER"):
        Pepper().ensure()
