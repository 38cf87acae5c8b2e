"""Pictures and files beside articles, and those that are missing."""

from hashlib import sha256
from pathlib import Path

import pytest

from knowledge.importing.source import read_source
from tests.knowledge.importing.markdown.test_pages import write

NAME = f"{sha256(b'picture').hexdigest()}.png"


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("img/stop.png", "guides/img/stop.png"),
        ("../img/stop.png", "img/stop.png"),
        ("/img/stop.png", "static/img/stop.png"),
        ("@site/static/img/stop.png", "static/img/stop.png"),
        ("stop%20it.png", "guides/stop it.png"),
        ("<img/stop.png>", "guides/img/stop.png"),
    ],
)
def test_a_picture_is_found_beside_its_article_and_named_by_its_content(
    tmp_path: Path, target: str, place: str
) -> None:
    picture = tmp_path / place
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    write(tmp_path, "guides/stop.md", f'Press ![Stop]({target} "The button"). `![a]({target})`')

    result = read_source(tmp_path)

    assert result.articles[0].body == f'Press ![Stop](/files/{NAME} "The button"). `![a]({target})`'
    assert [(file.name, file.path) for file in result.attachments] == [(NAME, picture.resolve())]
    assert (result.passed_over, result.missing_files) == ((), ())


def test_a_file_that_is_linked_to_is_kept_and_links_to_pages_stay(tmp_path: Path) -> None:
    (tmp_path / "manual.pdf").write_bytes(b"pdf")
    write(
        tmp_path,
        "a.md",
        "[Manual](manual.pdf), [page](b.md#x), [gone](gone.pdf), [web](https://h.example/a.pdf)",
    )
    body = read_source(tmp_path).articles[0].body
    name = f"{sha256(b'pdf').hexdigest()}.pdf"
    assert (
        body == f"[Manual](/files/{name}), [page](b.md#x), [gone](gone.pdf), [web](https://h.example/a.pdf)"
    )


def test_a_missing_picture_goes_and_is_named_and_one_from_elsewhere_becomes_a_link(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "Press. ![Stop](img/stop.png) Then ![chart](https://h.example/c.png).")
    result = read_source(tmp_path)
    assert result.articles[0].body == "Press.  Then [chart](https://h.example/c.png)."
    assert [(missing.target, missing.path) for missing in result.missing_files] == [("img/stop.png", "a.md")]


def test_no_picture_comes_from_outside_the_source(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"picture")
    centre = tmp_path / "centre"
    centre.mkdir()
    (centre / "link.png").symlink_to(tmp_path / "secret.png")
    write(centre, "a.md", "![a](../secret.png) ![b](link.png) text")
    result = read_source(centre)
    assert result.attachments == ()
    assert [missing.target for missing in result.missing_files] == ["../secret.png", "link.png"]
