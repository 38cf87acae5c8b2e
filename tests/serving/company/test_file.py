"""The company file: what it may say, what is refused, and that it reads back to the same."""

from pathlib import Path

import pytest

from model.errors import DataError
from model.types import IntentInfo
from serving.company.file import Company, CompanyDanger, CompanyIntent, CompanyTeam, as_toml, read_company
from serving.details.fields import DetailField
from serving.hours.written import CompanyCalendar

HARD = Company(
    name='Bolt & "Sons" \\ GmbH',
    tagline="Schrauben, auch für Zwölfjährige 🔩\tund\nmehr\x7f",
    calendar='bür"o',
    fallback_team="desk",
    calendars=(
        CompanyCalendar(
            name='bür"o',
            time_zone="Europe/Berlin",
            hours={"monday": ("09:00-12:30", "13:30-17:00"), "saturday": ("22:00-30:00",)},
            holidays=("12-25", "easter-2", "2026-08-03"),
            closures=("2026-12-24 13:00 to 2026-12-24 17:00",),
        ),
        CompanyCalendar(name="never", time_zone="UTC"),
    ),
    teams=(
        CompanyTeam(name="night shift", title="Nachtschicht", expected_wait_minutes=0, calendar="never"),
        CompanyTeam(
            name="orders",
            title="Orders",
            assignment="balanced",
            capacity=3,
            details=(
                DetailField(name="order", label="Order", kind="order", pattern='"-##', required=True),
                DetailField(name="colour", label="Which?", kind="choice", choices=("Red", "\\ blue")),
            ),
        ),
        CompanyTeam(name="desk", title="The desk"),
    ),
    intents=(
        CompanyIntent(name="reverted_card_payment?", title="It's back", team="desk", human_only=True),
        CompanyIntent(
            name="a/b", title="[[teams]]", details=(DetailField(name="mail", label="E", kind="email"),)
        ),
    ),
    danger=CompanyDanger(phrases=("it's on ... fire*", "feu"), harmless=("on fire tv",)),
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "company.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_company_reads_back_to_the_same_whatever_stands_in_its_names(tmp_path: Path) -> None:
    assert read_company(written(tmp_path, as_toml(HARD))) == HARD


def test_a_company_without_a_word_on_danger_is_written_without_one() -> None:
    assert "danger" not in as_toml(Company(name="Bolt"))
    none = Company(name="Bolt", danger=CompanyDanger(phrases=()))
    assert "[danger]\nphrases = [\n]\nharmless = [\n]\n" in as_toml(none)


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path) -> None:
    written(tmp_path, 'name = "Bolt"')
    assert read_company(tmp_path) == Company(name="Bolt")


def test_infos_hold_team_and_rule_of_each_intent() -> None:
    assert HARD.intent_infos() == {
        "reverted_card_payment?": IntentInfo("desk", human_only=True),
        "a/b": IntentInfo(None, human_only=False),
    }


TEAM = '[[teams]]\nname = "desk"\ntitle = "The desk"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name: Field required"),
        ('name = "B"\nteems = []', "teems: Extra inputs are not permitted"),
        ('name = "B"\n' + TEAM + "expected_wait_minutes = -1", r"teams\.1\.expected_wait_minutes: .*0"),
        ('name = "B"\n' + TEAM + "expected_wait_minutes = 1.5", r"teams\.1\.expected_wait_minutes: "),
        ('name = "B"\n' + TEAM + TEAM, "team 'desk' stands there twice"),
        ('name = "B"\n[[intents]]\nname = "x"', r"intents\.1\.title: Field required"),
        (
            'name = "B"\n[[intents]]\nname = "x"\ntitle = "X"\nteam = "gone"',
            "intent 'x' names the unknown team 'gone'",
        ),
        ('name = "' + 201 * "x" + '"', "name: String should have at most 200 characters"),
        ('name = "B"\n[danger]\nharmless = []', r"danger\.phrases: Field required"),
        ('name = "B"\n[danger]\nphrases = ["on fire", "!"]', r"danger\.phrases\.2: '!' in the phrase"),
        (
            'name = "B"\n[[calendars]]\nname = "x"\ntime_zone = "Europe/Berln"',
            r"calendars\.1\.time_zone: 'Europe/Berln' is no time zone; did you mean Europe/Berlin",
        ),
        (
            'name = "B"\n[[calendars]]\nname = "x"\ntime_zone = "UTC"\nhours.monday = ["9-5"]',
            r"calendars\.1\.hours\.monday\.1: '9-5' are no hours",
        ),
        ('name = "B"\ncalendar = "x"', "the company names the unknown calendar 'x'; add"),
        ('name = "B"\n' + TEAM + 'calendar = "x"', "team 'desk' names the unknown calendar 'x'; add"),
        ('name = "B"\nfallback_team = "x"', "fallback_team names the unknown team 'x'; add"),
        ('name = "B"\n' + TEAM + 'assignment = "fair"', r"teams\.1\.assignment: Input should be 'manual' or"),
        (
            'name = "B"\n' + TEAM + '[[teams.details]]\nname = "a"\nlabel = "A"\nkind = "choice"',
            r"teams\.1\.details\.1: detail 'a': kind choice, and no other, has choices",
        ),
        ("name = ", "cannot be read"),
    ],
    ids=[
        "no name",
        "unknown key",
        "negative wait",
        "broken wait",
        "team twice",
        "intent without title",
        "unknown team",
        "long name",
        "danger without phrases",
        "no phrase",
        "unknown zone",
        "no hours",
        "company's unknown calendar",
        "team's unknown calendar",
        "unknown fallback team",
        "unknown assignment",
        "choice without choices",
        "no TOML",
    ],
)
def test_a_wrong_file_is_refused_with_its_path_and_place(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(DataError, match=said) as refused:
        read_company(path)
    assert str(refused.value).startswith(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.toml does not exist"):
        read_company(tmp_path / "gone.toml")
