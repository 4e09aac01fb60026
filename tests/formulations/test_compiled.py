"""Where compiled code is kept, and what becomes of it where no folder will do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from numba import config
from numba.core.caching import FunctionCache

from formulations import compiled
from formulations.compiled import can_be_kept, folders, is_kept, kept, private_folder


def half(value: float) -> float:
    return value / 2


@pytest.fixture
def in_folders(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the folders that may be tried."""
    return lambda *tried: monkeypatch.setattr(compiled, "folders", lambda: iter(tried))


def test_the_first_folder_that_can_be_written_to(tmp_path: Path, in_folders: Callable[..., None]) -> None:
    (tmp_path / "file").touch()
    in_folders(tmp_path / "file", tmp_path / "folder", tmp_path / "third")
    function = kept(half)
    assert can_be_kept(function)
    assert not is_kept(function)
    assert function(3.0) == 1.5
    assert is_kept(function)
    assert is_kept(kept(half))
    assert list(tmp_path.glob("folder/*/*.nbi"))
    assert not (tmp_path / "third").exists()


def test_without_a_folder_it_is_compiled_all_the_same(
    tmp_path: Path, in_folders: Callable[..., None]
) -> None:
    (tmp_path / "file").touch()
    in_folders(tmp_path / "file")
    function = kept(half)
    assert not can_be_kept(function)
    assert function(3.0) == 1.5
    assert not is_kept(function)


def test_code_of_a_folder_that_became_read_only(
    tmp_path: Path, in_folders: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_folders(tmp_path)
    assert kept(half)(3.0) == 1.5

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    in_folders(tmp_path, tmp_path / "other")
    function = kept(half)
    assert is_kept(function)
    monkeypatch.setattr(FunctionCache, "save_overload", refuse)
    assert function(3) == 1.5  # of another type, whose code has no place there


def test_a_disk_without_room_keeps_nothing_and_stops_nothing(
    tmp_path: Path, in_folders: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    in_folders(tmp_path)
    monkeypatch.setattr(FunctionCache, "save_overload", full)
    assert kept(half)(3.0) == 1.5


def test_no_folder_of_others_is_trusted(tmp_path: Path) -> None:
    """What lies there is run as code."""
    folder = private_folder(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_folder(tmp_path) == folder
    folder.chmod(0o720)
    with pytest.raises(OSError, match="not this user's alone"):
        private_folder(tmp_path)
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="not this user's alone"):
        private_folder(tmp_path)


def test_nothing_is_kept_within_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There it would outlast an uninstallation, as a package without code."""
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    found = list(folders())
    assert found[1] == tmp_path / ".cache" / "certify"
    package = Path(compiled.__file__).parent
    assert all(package not in folder.parents for folder in found)
    monkeypatch.setattr(config, "CACHE_DIR", os.fspath(tmp_path))
    assert list(folders()) == [tmp_path, *found]
