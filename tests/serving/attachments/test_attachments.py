"""Files sent along with messages: taken by what they hold, seen by who may, gone with the words."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from serving.attachments.service import safe_name
from serving.conversations.housekeeping import forget_unsent_files
from serving.db.tables import Attachment, Message, now
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
)


def upload(person: Customer | AgentAtWork, conversation: str, name: str, content: bytes) -> Response:
    return person.client.post(
        f"/v1/conversations/{conversation}/attachments",
        params={"name": name},
        content=content,
        headers={**person.headers, "Content-Type": "application/octet-stream"},
    )


def document(*members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>")
    return packed.getvalue()


def waiting(customer: Customer, runtime: Runtime) -> str:
    conversation = customer.start()
    customer.say(conversation, "I want a person")
    runtime.worker.run_once()
    return conversation


def test_a_picture_goes_with_a_message_and_both_sides_see_it(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation = waiting(customer, runtime)
    made = upload(customer, conversation, "C:\\photos\\my lamp.png", PNG)
    assert made.status_code == 201, made.text
    file = made.json()
    assert (file["name"], file["media_type"], file["size"]) == ("my lamp.png", "image/png", len(PNG))
    said = customer.say(conversation, "", attachments=[file["id"]])
    shown = {key: file[key] for key in ("id", "name", "media_type", "size")}
    assert said["payload"]["attachments"] == [shown]
    assert customer.messages(conversation)[-1]["payload"]["attachments"] == [shown]
    for person in (customer, agent):
        read = person.get(f"/v1/attachments/{file['id']}")
        assert read.content == PNG
        assert read.headers["content-type"] == "image/png"
        assert read.headers["content-disposition"].startswith("inline")
        assert read.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in read.headers["content-security-policy"]


def test_an_agent_sends_a_document_which_is_for_saving(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation = waiting(customer, runtime)
    file = upload(agent, conversation, "form.pdf", b"%PDF-1.7\n%x").json()
    body = {"client_id": "f", "text": "Please sign this.", "attachments": [file["id"]]}
    assert agent.post(f"/v1/conversations/{conversation}/messages", body).status_code == 201
    read = customer.get(f"/v1/attachments/{file['id']}")
    assert read.headers["content-disposition"] == "attachment; filename*=utf-8''form.pdf"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lamp.png", b"MZ\x90\x00" + b"\x00" * 200),
        ("lamp.png", b"\x7fELF" + b"\x00" * 200),
        ("lamp.zip", document("run.bat")),
        ("lamp.bin", bytes(range(256))),
        ("macros.docx", document("word/document.xml", "word/vbaProject.bin")),
        ("broken.docx", document("word/document.xml")[:-10]),
    ],
)
def test_what_holds_nothing_that_may_be_sent_is_refused_whatever_it_is_called(
    customer: Customer, name: str, content: bytes
) -> None:
    refused = upload(customer, customer.start(), name, content)
    assert refused.status_code == 422
    assert repr(name) in refused.text.replace("\\u0027", "'")


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kept"),
    [
        ("evil.html", b"<script>alert(1)</script>", "text/plain", "evil.html.txt"),
        (
            "drawing.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "text/plain",
            "drawing.svg.txt",
        ),
        ("notes.csv", "größe;1".encode(), "text/plain", "notes.csv"),
        ("photo.exe", PNG, "image/png", "photo.exe.png"),
        ("\u202egnp.exe", PNG, "image/png", "gnp.exe.png"),
        ("../../etc/passwd", b"words", "text/plain", "passwd.txt"),
    ],
)
def test_a_file_is_what_it_holds_and_never_runs(
    customer: Customer, name: str, content: bytes, media_type: str, kept: str
) -> None:
    made = upload(customer, customer.start(), name, content).json()
    assert (made["media_type"], made["name"]) == (media_type, kept)
    read = customer.get(f"/v1/attachments/{made['id']}")
    assert read.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    ("member", "suffix"),
    [("word/document.xml", ".docx"), ("xl/workbook.xml", ".xlsx"), ("ppt/presentation.xml", ".pptx")],
)
def test_an_office_document_is_known_by_its_main_part(customer: Customer, member: str, suffix: str) -> None:
    made = upload(customer, customer.start(), "Prices.DOCX", document("[Content_Types].xml", member)).json()
    assert made["name"] == ("Prices.docx" if suffix == ".docx" else f"Prices.DOCX{suffix}")


def test_an_empty_file_is_refused(customer: Customer) -> None:
    assert upload(customer, customer.start(), "empty.txt", b"").status_code == 422


def test_a_name_is_never_longer_than_the_store_takes() -> None:
    assert len(safe_name("x" * 500 + ".png", "image/png")) <= 120


def test_whatever_is_longer_than_10_megabytes_is_refused_while_it_comes(customer: Customer) -> None:
    conversation = customer.start()
    declared = upload(customer, conversation, "big.txt", b"x" * (10 * 1024 * 1024 + 1))
    assert declared.status_code == 413
    pieces = (b"x" * 1024 * 1024 for _ in range(1_000))  # a length that nobody said
    streamed = customer.client.post(
        f"/v1/conversations/{conversation}/attachments?name=big.txt",
        content=pieces,
        headers={**customer.headers, "Content-Type": "application/octet-stream"},
    )
    assert streamed.status_code in (411, 413)


def test_another_customers_file_is_not_there(customer: Customer, client: TestClient) -> None:
    conversation = customer.start()
    file = upload(customer, conversation, "a.txt", b"mine").json()["id"]
    other = Customer(client)
    answer = other.get(f"/v1/attachments/{file}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == other.get("/v1/attachments/none").json()["detail"].replace("none", file)
    assert upload(other, conversation, "b.txt", b"yours").status_code == 404
    own = other.start()
    stolen = other.post(
        f"/v1/conversations/{own}/messages", {"client_id": "x", "text": "See", "attachments": [file]}
    )
    assert stolen.status_code == 422


def test_a_file_is_sent_once(customer: Customer) -> None:
    conversation = customer.start()
    file = upload(customer, conversation, "a.txt", b"words").json()["id"]
    customer.say(conversation, "See", attachments=[file])
    again = customer.post(
        f"/v1/conversations/{conversation}/messages", {"client_id": "2", "text": "See", "attachments": [file]}
    )
    assert again.status_code == 422
    assert "upload it" in again.json()["detail"]


def test_the_bot_asks_for_words_beside_a_file(customer: Customer) -> None:
    conversation = customer.start()
    file = upload(customer, conversation, "a.txt", b"words").json()["id"]
    body: dict[str, Any] = {"client_id": "1", "text": " ", "attachments": [file]}
    refused = customer.post(f"/v1/conversations/{conversation}/messages", body)
    assert refused.status_code == 422
    assert "in a few words" in refused.json()["detail"]


def test_files_that_no_message_carries_are_deleted_after_a_day_and_others_stay(
    customer: Customer, runtime: Runtime
) -> None:
    conversation = customer.start()
    sent, left, fresh = (
        upload(customer, conversation, name, b"words").json()["id"] for name in ("a.txt", "b.txt", "c.txt")
    )
    customer.say(conversation, "See", attachments=[sent])
    with runtime.database.session() as session:
        for old in (sent, left):
            session.get_one(Attachment, old).created_at = now() - timedelta(hours=25)
    forget_unsent_files(runtime.database)
    with runtime.database.session() as session:
        ids = set(session.scalars(select(Attachment.id).where(Attachment.conversation_id == conversation)))
        assert ids == {sent, fresh}
        assert session.scalars(select(Message).where(Message.conversation_id == conversation)).one()
