"""Sealed secrets: opened by the key file of their home, and for what they were sealed only."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from dashboard.core.errors import InputError
from storage.sealing import Seal, load_key


@pytest.fixture
def seal() -> Seal:
    return Seal(Fernet.generate_key())


def test_a_secret_is_opened_for_what_it_was_sealed(seal: Seal):
    sealed = seal.close("very secret", "code of account 1")
    assert b"very secret" not in sealed
    assert seal.open(sealed, "code of account 1") == "very secret"


def test_a_secret_is_nothing_in_the_place_of_another(seal: Seal):
    assert seal.open(seal.close("very secret", "code of account 1"), "code of account 2") is None


def test_another_key_opens_nothing(seal: Seal):
    sealed = seal.close("very secret", "it")
    assert Seal(Fernet.generate_key()).open(sealed, "it") is None


@pytest.mark.parametrize("content", [b"null", b"[]", b'"it"', b"[1, 2, 3]", b'["it", 7]', b"\xff"])
def test_what_was_sealed_in_another_shape_is_nothing(content: bytes):
    key = Fernet.generate_key()
    assert Seal(key).open(Fernet(key).encrypt(content), "it") is None


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    key = load_key(tmp_path)
    assert load_key(tmp_path) == key
    assert Fernet(key)
    assert [file.name for file in tmp_path.iterdir()] == ["kite.key"]
    assert stat.S_IMODE((tmp_path / "kite.key").stat().st_mode) == 0o600


def test_processes_that_start_together_use_one_key(tmp_path: Path):
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(load_key, [tmp_path] * 8))
    assert len(set(keys)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["kite.key"]


@pytest.mark.skipif(os.name != "posix", reason="other systems keep rights elsewhere")
@pytest.mark.parametrize("rights", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, rights: int):
    load_key(tmp_path)
    (tmp_path / "kite.key").chmod(rights)
    with pytest.raises(InputError, match=rf"others may read it \({rights:o}\): run `chmod 600"):
        load_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"my key", b"\x00" * 44])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes):
    file = tmp_path / "kite.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(InputError, match=r"kite\.key holds no key: remove it") as refused:
        load_key(tmp_path)
    assert "my key" not in str(refused.value)


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path):
    with pytest.raises(InputError, match=r"kite\.key, which opens sealed secrets, cannot be used"):
        load_key(tmp_path / "nowhere")
