"""What points to one person or order, in learning and in what leaves the store, and what never does."""

from itertools import pairwise

import pytest

from knowledge.learning.cleaning import clean_answer
from knowledge.privacy.detection import Known, find_personal_data, public_contacts
from knowledge.privacy.masking import cards_masked
from knowledge.privacy.places import Place
from knowledge.privacy.removing import doubtful_places, masked, without_masks
from knowledge.privacy.scrubbing import scrub

PHONES = (
    *("+1 415 555 2671", "(415) 867-5309", "415-867-5309"),  # United States
    *("+44 20 7946 0958", "07911 123456", "020 7946 0958"),  # United Kingdom
    *("+49 30 901820", "0171 2345678", "030/901820-55", "00491712345678"),  # Germany
    *("+33 1 42 68 53 00", "06 12 34 56 78"),  # France
    *("+46 8 123 456 78", "070-123 45 67"),  # Sweden
    *("+47 22 86 44 00", "22 86 44 00"),  # Norway
    *("+45 32 12 34 56", "32 12 34 56"),  # Denmark
    *("+41 44 668 18 00", "044 668 18 00"),  # Switzerland
    *("+48 22 123 45 67", "+34 612 34 56 78"),  # Poland, Spain
    *("+91 98765 43210", "98765 43210"),  # India
    *("+61 412 345 678", "0412 345 678"),  # Australia
)
ACCOUNTS = (
    *("DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "FR14 2004 1010 0505 0001 3M02 606"),
    *("SE45 5000 0000 0583 9825 7466", "NO93 8601 1117 947", "de89370400440532013000"),
)
CARDS = ("4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005")
NUMBERS = (
    *("order 4411", "order number 10293847", "#58231", "reference AB-20391", "2012 2034 5566"),
    *("parcel 1Z999AA10123456784", "RR123456785SE", "JJD000390007827", "00340434161094042557"),
    *("536-90-4399", "811228-9874", "4111 1111 1111 1112", "DE88 3704 0044 0532 0130 00"),
)


@pytest.mark.parametrize("place", [*PHONES, *ACCOUNTS, *CARDS, *NUMBERS, "192.168.178.123"])
def test_phones_accounts_cards_and_numbers_of_orders_go(place: str) -> None:
    text = f"it is {place}, as I said"
    number = place.split(" ", 1)[1] if place[0].islower() and " " in place else place
    assert number not in without_masks(masked(text))
    assert number not in scrub(text).text


@pytest.mark.parametrize(
    "text",
    [
        "Use firmware 10.15.7.19042, or 2.4.1.0 until then.",
        "The GH-100 and GH-200 kits take an L300 lamp, the X4B9 none.",
        "Part 90915-YZZD1 fits, with 100 M4x16 screws.",
        "Enter SPRING24 at the checkout.",
        "It costs 1,299.00 dollars, €12.50 or 1 299 000 kr.",
        "We sold lamps worth $4,111,111,111 to 12 345 678 customers.",
        "It is open from 9 to 17, on 2024-11-25 and from 24.12.2024 to 01.01.2025.",
        "Prices rose in 2021 2022 2023 alike.",
        "They come in sizes 10 20 30 40 50 60.",
        "It measures 120 x 60 x 75 cm.",
        "Restart it when it shows 0x80070057 or error 10014523.",
    ],
)
def test_codes_prices_dates_versions_and_sizes_stay(text: str) -> None:
    assert masked(text) == text
    assert scrub(text).text == text
    assert clean_answer(text).text == text


def test_an_answer_may_name_the_businesss_own_line_and_address_but_no_persons() -> None:
    answer = "Call us on 020 7946 0958, or write to help@shop.example."
    assert clean_answer(answer).text == answer
    assert scrub(answer).text == "Call us on [phone], or write to [email]."
    assert without_masks(masked("jane.doe@mail.example")) == ""


FOUND = (
    ("give me a bell on 07911 123456", "07911 123456", "phone"),
    ("3125550142 is my cell", "3125550142", "phone"),
    ("mobil 0170-1234567", "0170-1234567", "phone"),
    ("nomor WA 0812 3456 7890", "0812 3456 7890", "phone"),
    ("Amex 378282246310005 gets refused", "378282246310005", "card"),
    ("my social security no. is 219-09-9999", "219-09-9999", "national_id"),
    ("my NI number is QQ123456C", "QQ123456C", "national_id"),
    ("soy Juan, DNI 12345678Z", "12345678Z", "national_id"),
    ("KTP 3171234567890123", "3171234567890123", "national_id"),
    ("my passport, 533401234, was stolen", "533401234", "passport"),
    ("I keep typing kitten55 for my password", "kitten55", "password"),
    ('my passwort is "drei kleine igel"', '"drei kleine igel"', "password"),
    ("login: joe / pw: dragon99", "dragon99", "password"),
    ("mein Passwort war Hund2020 und jetzt geht nichts", "Hund2020", "password"),
    ("I set it to Blue-77x yesterday, now locked out", "Blue-77x", "password"),
    ("my new pin 4821 wont work", "4821", "pin"),
    ("CVC is 331", "331", "pin"),
    ("got 482913 as code but expired", "482913", "one_time_code"),
    ("Sicherheitscode 123 456 kommt nicht an", "123 456", "one_time_code"),
    ("api token 9f8e7d6c5b4a39281706f5e4d3c2b1a0 is dead", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "token"),
    ("someone from 93.184.216.34 tried to log in", "93.184.216.34", "ip_address"),
    ("it's now 44 Birch Close, Derby DE1 2AB", "44 Birch Close, Derby DE1 2AB", "address"),
    ("12b baker street london nw1 6xe", "12b baker street london nw1 6xe", "address"),
    ("wohne in der lindenstr. 5", "lindenstr. 5", "address"),
    ("Calle de Serrano 45, 28001 Madrid", "Calle de Serrano 45, 28001 Madrid", "address"),
    ("Jl Melati 4 Bandung", "Jl Melati 4", "address"),
    ("birthady 3 July 1985", "3 July 1985", "birth_date"),
    ("geb. 04.03.1966", "04.03.1966", "birth_date"),
    ("we both have covid", "covid", "health"),
    ("Meine Frau hat Krebs", "Krebs", "health"),
    ("i'm sanjay, account locked", "sanjay", "name"),
    ("Kind regards\nOlu Adeyemi\nHead of Sales", "Olu Adeyemi", "name"),
    ("my boss Karl-Heinz Vogt says no", "Karl-Heinz Vogt", "name"),
    ("It was bought by Hana Novotná", "Hana Novotná", "name"),
    ("Good evening Mr O'Neill", "O'Neill", "name"),
    ("order #SO-4412 and 4413 are late", "4413", "number"),
    ("registration AB12 CDE", "AB12 CDE", "number"),
    (
        "https://shop.example/account/verify?code=9912",
        "https://shop.example/account/verify?code=9912",
        "link",
    ),
)


@pytest.mark.parametrize(("text", "words", "kind"), FOUND)
def test_personal_data_is_found_by_its_form_and_the_words_around_it(text: str, words: str, kind: str) -> None:
    assert (words, kind) in [(text[place.begin : place.end], place.kind) for place in sure(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Is MDVA-36718 or ERR-50012 the right one?",
        "See https://help.example/articles/360012345678-reset-your-device.",
        "The export holds 1048576 rows, 1500000 contacts at once.",
        "my password must have 12 characters",
        "The PIN has four digits.",
        "Use promo code SUMMER25, the code 404 is an error.",
        "Set the DNS server to 8.8.8.8, the mask to 255.255.255.0.",
        "Turn left after 100 meters down the road.",
        "Is it safe for people with diabetes?",
        "my blind rattles and I have a question about allergies",
        "I'm Happy to wait, Thanks Team",
        "Dear Customer, Hello Support",
        "We use Clara Analytics together with Otto Cloud.",
        "Order MK-200 spare filters in the shop.",
        "Sale ends 30.11.2026 at midnight.",
        "iOS 18.1.1, firmware 10.15.7.190, build 22631.4460",
        "Dear Sirs, the pass is closed and the password is 100% correct.",
        "I need my password as well, and **a code**.",
        "Where do I pair my hearing aids? You broke my heart, it's growing again.",
        "The record Born to Run came out in August 1975.",
        "On Sundays we open at 9 am and close at 6 pm.",
        "i'm freezing lol, its red again, it's tax time again",
        "Write to parking@velmora.example, not to the customer care officer.",
    ],
)
def test_what_only_looks_like_personal_data_stays(text: str) -> None:
    assert sure(text) == []


def test_what_the_words_leave_open_is_in_doubt() -> None:
    assert doubtful_places("It counts to 417788123 and help@shop.example, or 0800 555 0142?") == [
        ("417788123", "number"),
        ("help@shop.example", "email"),
        ("0800 555 0142", "phone"),
    ]


def test_what_stands_in_the_companys_articles_is_nobodys() -> None:
    known = Known(public=public_contacts(["Call +44 20 7946 0958 or visit 12 Harbour Road, Leeds LS1 4AB."]))
    text = "is 020 7946 0958 yours, and 12 Harbour Road? mine is 020 7946 0123"
    found = find_personal_data(text, known)
    assert [text[place.begin : place.end] for place in found] == ["020 7946 0123"]


@pytest.mark.parametrize(("country", "sure_of_it"), [("ES", True), (None, False)])
def test_a_row_of_digits_is_a_mobile_number_where_the_companys_country_has_such(
    country: str | None, sure_of_it: bool
) -> None:
    [place] = find_personal_data("612345678 please", Known(country=country))
    assert place.sure is sure_of_it


def test_places_do_not_overlap_and_come_in_the_order_of_the_text() -> None:
    text = "I'm Ada Berg, ada@x.example, 07911 123456, order 4411, my PIN 4821"
    places = find_personal_data(text)
    assert [place.kind for place in places] == ["name", "email", "phone", "number", "pin"]
    assert all(before.end <= after.begin for before, after in pairwise(places))


def test_a_card_is_shown_by_its_last_four_digits_alone() -> None:
    assert cards_masked("4111 1111 1111 1111, 4111 1111 1111 1112") == "•••• 1111, 4111 1111 1111 1112"


def test_a_surname_that_looks_like_a_verb_is_part_of_the_name() -> None:
    text = "I'm John Fleming, and my colleague Emily Harding agrees."
    assert [text[place.begin : place.end] for place in sure(text)] == ["John Fleming", "Emily Harding"]


def sure(text: str) -> list[Place]:
    return [place for place in find_personal_data(text) if place.sure]
