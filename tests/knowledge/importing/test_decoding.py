"""Texts come out as they were written, whatever program saved them; what is no text is refused."""

from pathlib import Path

import pytest

from knowledge.importing.decoding import NotTextError, decode
from knowledge.importing.files import SourceFile

POLISH = "Gdzie jest moja paczka? Proszę sprawdzić numer przesyłki, który wysłaliśmy, i wpisać go poniżej."
CZECH = "Kde je můj balík? Zkontrolujte prosím číslo zásilky, které jsme vám poslali, a zadejte je níže."
HUNGARIAN = "Hol van a csomagom? Kérjük, ellenőrizze a küldemény számát, és írja be az alábbi mezőbe."
TURKISH = "Kargom nerede? Lütfen size gönderdiğimiz takip numarasını aşağıdaki alana yazın, sonra bakın."
RUSSIAN = "Где моя посылка? Проверьте номер отправления и введите его ниже."
GREEK = "Πού είναι το δέμα μου; Ελέγξτε τον αριθμό αποστολής και γράψτε τον παρακάτω."
JAPANESE = "荷物はどこですか？お知らせした番号を下の欄に入力してください。"
CHINESE = "我的包裹在哪里？请在下面输入我们发给您的单号，然后点击查询。"
KOREAN = "제 소포는 어디에 있나요? 알려 드린 번호를 아래에 입력해 주세요."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"], ids=lambda name: name
)
def test_unicode_is_read_with_and_without_a_mark(encoding: str) -> None:
    text = "question\tanswer\r\nHow much?\t9,99 €\r\n"
    assert decode(text.encode(encoding)) == text


def test_utf_16_with_the_high_byte_first_is_read_by_its_mark() -> None:
    assert decode(b"\xfe\xff\x00H\x20\xac") == "H€"


@pytest.mark.parametrize(
    "text",
    [
        "9,99 € a month",
        "Le thé coûte 4 €",
        "café",
        "Größe ändern – so geht’s",
        "ÄÖÜ",
        "¿Dónde está mi paquete? «Aquí»",
        "Não há informações",
        "Hvornår får jeg pengene på kontoen?",
        "15 m² for £20, ±1 °C",
        "“Quotes”—and dashes…",
    ],
)
def test_short_western_texts_are_read_as_windows_writes_them(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", POLISH),
        ("cp1250", CZECH),
        ("cp1250", HUNGARIAN),
        ("cp1251", RUSSIAN),
        ("cp1251", "Привет"),
        ("koi8_r", RUSSIAN),
        ("cp1253", GREEK),
        ("cp1254", TURKISH),
        ("cp932", JAPANESE),
        ("gb18030", CHINESE),
        ("cp949", KOREAN),
    ],
)
def test_other_code_pages_are_found_by_the_words_that_they_give(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text
    table = f"question,answer\nWhere is it?,{text}\n"
    assert decode(table.encode(encoding)) == table


def test_the_charset_that_a_page_declares_counts_where_the_bytes_are_no_utf_8() -> None:
    assert decode("Größe".encode("cp1250"), declared="windows-1250") == "Größe"
    assert decode("żółw".encode("iso8859-2"), declared="ISO-8859-2") == "żółw"
    assert decode("3 €".encode("cp1252"), declared="iso-8859-1") == "3 €"
    assert decode("日本".encode("iso2022_jp"), declared="iso-2022-jp") == "日本"


@pytest.mark.parametrize("declared", ["windows-1251", "latin1", "rot13", "no such", "", "utf-16"])
def test_what_is_utf_8_stays_it_whatever_a_page_declares(declared: str) -> None:
    assert decode("Größe".encode(), declared=declared) == "Größe"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\x00b\x00\x00\x00c", "binary: a zero byte at offset 1; only text is imported"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary: a zero byte at offset 8; only text is imported"),
        (bytes(range(1, 256)), "not UTF-8: byte 0x80 at offset 127; save it as UTF-8"),
        (b"\xff\xfea\x00b", "not UTF-16-LE: byte 0x62 at offset 4; save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotTextError) as refused:
        decode(data)
    assert str(refused.value) == reason


def lines(folder: Path, data: bytes) -> list[tuple[int, str]]:
    path = folder / "a.csv"
    path.write_bytes(data)
    return list(SourceFile(path, "a.csv").read_lines([]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_lines_are_numbered_in_every_encoding_with_every_line_end(tmp_path: Path, encoding: str) -> None:
    assert lines(tmp_path, "é\r\nb\rc\n\nd".encode(encoding)) == [
        (1, "é\r\n"),
        (2, "b\r"),
        (3, "c\n"),
        (4, "\n"),
        (5, "d"),
    ]


def test_lines_are_read_by_the_words_of_the_whole_file(tmp_path: Path) -> None:
    data = ("first\n" * 3000 + RUSSIAN + "\n").encode("cp1251")
    assert lines(tmp_path, data)[-1] == (3001, RUSSIAN + "\n")
