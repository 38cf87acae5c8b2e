"""A zip archive is read as the folder in it; nothing in it reaches beyond that folder."""

import stat
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from knowledge.documents import PassedOver, Refusal
from knowledge.importing import archives
from knowledge.importing.archives import unpacked
from knowledge.importing.source import read_source
from model.errors import DataError

ONE, TWO, THREE = "0123456789abcdef" * 2, "fedcba9876543210" * 2, "00000000000000000000000000000abc"


def packed(files: dict[str, str | bytes]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def written(folder: Path, content: bytes) -> Path:
    path = folder / "help.zip"
    path.write_bytes(content)
    return path


def test_an_archive_is_read_as_its_folder_is(tmp_path: Path) -> None:
    files = {
        "guides/pay.md": "# Paying\n\nBy card.",
        "faq.csv": "id,question,answer\n1,How?,So.",
        "_theme/x.md": "no",
        "a.bin": b"\0",
    }
    result = read_source(written(tmp_path, packed(files)))
    assert [(one.slug, one.path) for one in result.articles] == [("guides/pay", "guides/pay.md")]
    assert [pair.key for pair in result.question_answers] == ["faq.csv#1"]
    assert [held.path for held in result.held_back] == ["_theme/"]
    assert result.passed_over == (PassedOver("a.bin"),)


def test_a_single_top_folder_is_the_folder_of_the_source(tmp_path: Path) -> None:
    files = {"export/guides/pay.md": "By card.", "export/faq.md": "So.", "__MACOSX/export/._faq.md": "x"}
    result = read_source(written(tmp_path, packed(files)))
    assert [one.path for one in result.articles] == ["faq.md", "guides/pay.md"]
    assert result.held_back == ()


def test_in_a_folder_an_archive_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, packed({"a.md": "Text"}))
    (tmp_path / "b.md").write_text("Text")
    result = read_source(tmp_path)
    assert ([one.path for one in result.articles], result.passed_over) == (
        ["b.md"],
        (PassedOver("help.zip"),),
    )


@pytest.mark.parametrize(
    "name", ["../evil.md", "/etc/evil.md", "a/../../evil.md", "C:\\evil.md", "..\\evil.md", "a\\..\\..\\b.md"]
)
def test_entries_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    result = read_source(written(folder, packed({name: "Evil", "b/good.md": "Good", "c.md": "Good"})))
    assert [one.path for one in result.articles] == ["b/good.md", "c.md"]
    reason = "its name leads out of the archive; pack it with names within its folder"
    assert [refusal.reason for refusal in result.refusals] == [reason]
    assert list(tmp_path.rglob("*evil*")) == []


def test_links_are_refused(tmp_path: Path) -> None:
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        link = ZipInfo("passwords.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("b.md", "Text")
    result = read_source(written(tmp_path, content.getvalue()))
    assert [one.path for one in result.articles] == ["b.md"]
    assert result.refusals == (Refusal("passwords.md", "a link; pack the file itself"),)


def test_names_in_utf_8_are_read_as_such_though_the_archive_does_not_say_so(tmp_path: Path) -> None:
    content = packed({"a/größe.md": "Text", "b/x.md": "Text"})
    unmarked = bytearray(content)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = unmarked.find(signature)
        while place >= 0:
            unmarked[place + flags + 1] &= ~0x08
            place = unmarked.find(signature, place + 4)
    result = read_source(written(tmp_path, bytes(unmarked)))
    assert [one.slug for one in result.articles] == ["a/größe", "b/x"]


def test_a_damaged_entry_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    content = bytearray(packed({"a/bad.md": "Some text. " * 20, "a/good.md": "Good", "b.md": "Good"}))
    content[45] ^= 0xFF
    result = read_source(written(tmp_path, bytes(content)))
    assert [one.path for one in result.articles] == ["a/good.md", "b.md"]
    assert "it is damaged or packed in an unusual way; pack it again" in [
        one.reason for one in result.refusals
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"no archive", packed({"a.md": "x" * 500})[:-30]],
    ids=["empty", "two letters", "text", "cut off"],
)
def test_what_is_no_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"help\.zip is no zip archive that can be read"):
        read_source(written(tmp_path, content))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to 50000000 bytes, as harmful archives do"):
        read_source(written(tmp_path, packed({"a.md": bytes(50_000_000)})))


def test_too_many_files_and_too_many_bytes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, packed({"a/a.md": "aaaa", "b.md": "bbb"}))
    monkeypatch.setattr(archives, "MAX_ARCHIVE_FILES", 1)
    with pytest.raises(DataError, match="holds 2 files, at most 1 are read; split it"):
        read_source(path)
    monkeypatch.setattr(archives, "MAX_ARCHIVE_FILES", 2)
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 6)
    with pytest.raises(DataError, match="has 7 bytes unpacked, at most 6 are read; split it"):
        read_source(path)


def test_archives_within_one_become_folders_down_to_the_second(tmp_path: Path) -> None:
    third = packed({"deep.md": "Deep"})
    inner = packed({"b.md": "B", "third.zip": third})
    result = read_source(written(tmp_path, packed({"a.md": "A", "more.zip": inner, "broken.zip": b"no"})))
    assert [one.path for one in result.articles] == ["a.md", "more/b.md"]
    assert [(refusal.path, refusal.reason) for refusal in result.refusals] == [
        ("more/third.zip", "an archive within an archive within an archive; unpack it first"),
        ("broken.zip", "it is no zip archive that can be read (File is not a zip file); pack it again"),
    ]


def test_the_pages_of_a_notion_export_lose_their_identifiers(tmp_path: Path) -> None:
    part = packed(
        {
            f"Help centre {ONE}.md": f"# Help centre\n\n[Paying](Help%20centre%20{ONE}/Paying%20{TWO}.md)",
            f"Help centre {ONE}/Paying {TWO}.md": "# Paying\n\nBy card.",
            f"Help centre {ONE}/FAQ {THREE}.csv": "Question,Answer\nHow?,So.\n",
            f"Help centre {ONE}/FAQ {THREE}_all.csv": "Question,Answer\nHow?,So.\nMargin?,40\n",
        }
    )
    result = read_source(written(tmp_path, packed({"ExportBlock-1-Part-1.zip": part})))
    assert [(one.slug, one.title, one.body) for one in result.articles] == [
        ("Help centre/Paying", "Paying", "# Paying\n\nBy card."),
        ("Help centre", "Help centre", "# Help centre\n\n[Paying](Help%20centre/Paying.md)"),
    ]
    assert [(pair.key.split("#")[0], pair.question) for pair in result.question_answers] == [
        ("Help centre/FAQ.csv", "How?")
    ]
    assert result.refusals == ()


def test_notion_pages_of_one_title_keep_the_beginning_of_their_identifier(tmp_path: Path) -> None:
    files = {
        f"Setup {ONE}.md": "# Setup\n\nOn a phone.",
        f"Setup {TWO}.md": f"# Setup\n\nAs [there](Setup%20{ONE}.md).",
    }
    result = read_source(written(tmp_path, packed(files)))
    assert [(one.slug, one.body.split("\n\n")[-1]) for one in result.articles] == [
        ("Setup-012345", "On a phone."),
        ("Setup-fedcba", "As [there](Setup-012345.md)."),
    ]


def test_the_temporary_folder_is_gone_afterwards(tmp_path: Path) -> None:
    with unpacked(written(tmp_path, packed({"a.md": "Text"}))) as archive:
        folder = archive.folder
        assert (folder / "a.md").read_text() == "Text"
    assert not folder.exists()
