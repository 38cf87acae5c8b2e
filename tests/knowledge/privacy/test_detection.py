"""What points to one person or order, in learning and in what leaves the store, and what never does."""

import pytest

from knowledge.learning.cleaning import clean_answer
from knowledge.privacy.detection import without_identifiers, without_personal_data
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
    assert number not in without_personal_data(without_identifiers(text))
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
    assert without_personal_data(text) == text
    assert scrub(text).text == text
    assert clean_answer(text) == text


def test_an_answer_may_name_the_businesss_own_line_and_address_but_no_persons() -> None:
    answer = "Call us on 020 7946 0958, or write to help@shop.example."
    assert clean_answer(answer) == answer
    assert scrub(answer).text == "Call us on [phone], or write to [email]."
    assert without_personal_data("jane.doe@mail.example") == ""
