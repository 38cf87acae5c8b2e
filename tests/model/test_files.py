"""Files and folders that appear whole or not at all: what is there after a failure, and what is on disk."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.files import rename_durably, write_atomically


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, bool]]]:
    """Each file or folder whose content was brought to the disk, and whether `made` was there by then."""
    found: list[tuple[str, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        made = next((one / "made" for one in place.parents if (one / "made").exists()), None)
        found.append((place.name, made is not None or (place / "made").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_a_file_gets_its_new_content_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "pointer"
    path.write_text("old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_may_be_for_its_owner_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", b"x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_put_in_place_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "pointer" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="pointer"):
        write_atomically(tmp_path / "pointer", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["pointer"]
    assert (tmp_path / "pointer" / "inside").is_dir()


def test_a_files_content_is_on_the_disk_before_its_name_and_its_name_when_it_returns(
    tmp_path: Path, synced: list[tuple[str, bool]]
) -> None:
    write_atomically(tmp_path / "made", b"new")
    (draft, made_before), (folder, made_after) = synced
    assert draft.startswith(".new-")
    assert (made_before, folder, made_after) == (False, tmp_path.name, True)


def test_a_folder_is_on_the_disk_with_everything_in_it_before_it_gets_its_name(
    tmp_path: Path, synced: list[tuple[str, bool]]
) -> None:
    built = tmp_path / ".building"
    (built / "data").mkdir(parents=True)
    (built / "manifest.json").write_text("{}")
    (built / "data" / "rows.jsonl").write_text("{}\n")
    rename_durably(built, tmp_path / "made")
    assert (tmp_path / "made" / "data" / "rows.jsonl").read_text() == "{}\n"
    assert not built.exists()
    *before, last = synced
    assert sorted(before) == [
        (".building", False),
        ("data", False),
        ("manifest.json", False),
        ("rows.jsonl", False),
    ]
    assert last == (tmp_path.name, True)


def test_a_folder_that_is_there_and_not_empty_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "kept").write_text("x")
    (tmp_path / "built").mkdir()
    with pytest.raises(OSError, match="not empty"):
        rename_durably(tmp_path / "built", tmp_path / "made")
    assert (tmp_path / "made" / "kept").read_text() == "x"
