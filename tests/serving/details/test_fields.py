"""The short form: what may be asked, and what is said to answers that will not do."""

import pytest
from pydantic import TypeAdapter, ValidationError

from serving.details.fields import DetailField, Details, checked_values, matches

FORM = (
    DetailField(name="order", label="Order number", kind="order", pattern="TL-####", required=True),
    DetailField(name="mail", label="Your e-mail", kind="email"),
    DetailField(name="count", label="How many", kind="number"),
    DetailField(name="colour", label="Colour", kind="choice", choices=("Red", "Blue")),
    DetailField(name="story", label="What happened"),
)


def test_values_are_kept_tidy_and_empty_ones_left_out() -> None:
    given = {
        "order": " tl-0042 ",
        "mail": "ana@shop.example",
        "count": "3,5",
        "colour": "Red",
        "story": " \n",
    }
    assert checked_values(FORM, given) == (
        {"order": "TL-0042", "mail": "ana@shop.example", "count": "3,5", "colour": "Red"},
        {},
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Order number is needed; write it, or skip the form"),
        ({"order": "42"}, "'42' does not look like TL-#### (# is a digit, @ a letter); check it"),
        ({"mail": "ana@shop"}, "'ana@shop' is no e-mail address; write one such as name@example.com"),
        ({"mail": "<b>@x.example"}, "is no e-mail address"),
        ({"count": "many"}, "'many' is no number; write one such as 12 or 3.5"),
        ({"colour": "Green"}, "'Green' is none of the choices; pick one of: Red, Blue"),
        ({"story": "x" * 501}, "What happened has 501 characters, at most 500 are taken; shorten it"),
        ({"shoe": "42"}, "nobody asked for this; leave it out"),
    ],
)
def test_what_will_not_do_is_said_field_by_field(given: dict[str, str], said: str) -> None:
    _, wrong = checked_values(FORM, given if "order" in given or not given else {"order": "TL-0001", **given})
    assert [said in problem for problem in wrong.values()] == [True]


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("TL-####", "TL-0042", True),
        ("TL-####", "#tl-0042", True),  # as people write numbers
        ("####", "#4411", True),
        ("####", "441", False),
        ("@@##", "ÄB12", True),
        ("@@##", "1B12", False),
        ("##", "١٢", False),
    ],
)
def test_patterns_are_read_as_they_look(pattern: str, value: str, fits: bool) -> None:
    assert matches(pattern, value) == fits


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ([{"name": "Order", "label": "x"}], "should match pattern"),
        (
            [{"name": "a", "label": "x", "kind": "choice"}],
            "detail 'a': kind choice, and no other, has choices",
        ),
        ([{"name": "a", "label": "x", "choices": ["b"]}], "kind choice, and no other, has choices"),
        ([{"name": "a", "label": "x", "kind": "order"}], "has a pattern such as AB-####"),
        ([{"name": "a", "label": "x"}, {"name": "a", "label": "y"}], "detail 'a' stands there twice"),
        ([{"name": f"a{n}", "label": "x"} for n in range(9)], "at most 8 items"),
    ],
)
def test_a_form_that_cannot_be_is_refused(form: list[dict], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        TypeAdapter(Details).validate_python(form)
