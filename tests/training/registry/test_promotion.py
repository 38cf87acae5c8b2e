"""Comparing, promoting and putting back sets of known habits, on a small home with the real encoder."""

import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from eval.home import open_store
from eval.promotion.comparison import Comparison
from eval.promotion.speed import Timing
from eval.promotion.tables import as_tables
from eval.report.tracking import open_client
from knowledge import DEMO_FOLDER
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError, ConflictError, DataError, NotFoundError
from model.model_set import read_pointer
from model.types import IntentInfo, Reading
from serving.db.session import Database
from serving.db.tables import AuditEntry, RegressionCase
from serving.settings import Settings
from tests.encoders import copy_encoder
from tests.training.promotion_parts import (
    ONCE_ALIKE,
    QUESTIONS,
    SENTIMENTS,
    feeling_set,
    good_set,
    handing_over_set,
    make_home,
    silent_set,
    timid_set,
    touchy_set,
    write_questions,
)
from training.datasets.training_data import remember_folder
from training.heads.model_set import TrainedSet
from training.registry import model_sets, promotion
from training.registry.model_sets import register, settle_aliases
from training.registry.promotion import Override, Promotion, replace_starting_set, roll_back
from training.registry.registered_sets import list_sets

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

ROOT = Path(__file__).parents[3]

_PROMOTE = """
import sys
from pathlib import Path
from model.errors import ConflictError
from serving.settings import Settings
from training.registry.promotion import promote
from tests.training.promotion_parts import ONCE_ALIKE
settings = Settings.load(Path(sys.argv[1]))
try:
    promote(settings, sys.argv[3], data=Path(sys.argv[2]), most_past=10, timing=ONCE_ALIKE)
except ConflictError as error:
    sys.exit(str(error))
"""

Make = Callable[[str, OnnxEncoder], TrainedSet]


class Home:
    """A home whose champion `v1` answers with whatever is near."""

    def __init__(self, settings: Settings, encoder: OnnxEncoder, questions: Path) -> None:
        self.settings = settings
        self.encoder = encoder
        self.questions = questions
        self.path = settings.home

    def add(self, version: str, make: Make = good_set) -> None:
        register(self.path, make(version, self.encoder))

    def compare(self, version: str | None = None, timing: Timing = ONCE_ALIKE) -> Comparison:
        return promotion.compare_sets(
            self.settings, version, data=self.questions, most_past=10, timing=timing
        )

    def promote(self, version: str | None = None, override: Override | None = None) -> Promotion:
        return promotion.promote(
            self.settings, version, override=override, data=self.questions, most_past=10, timing=ONCE_ALIKE
        )

    def aliases(self) -> dict[str, tuple[str, ...]]:
        return {one.version: one.aliases for one in list_sets(self.path)}

    def champion(self) -> str | None:
        return read_pointer(self.settings.models_folder)

    def tags(self, version: str) -> dict[str, str]:
        return next(dict(one.tags) for one in list_sets(self.path) if one.version == version)

    def audit(self) -> list[tuple[str, str]]:
        with open_store(self.settings) as session:
            return [(one.what, one.on) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]

    def damage(self, version: str) -> None:
        (self.settings.models_folder / version / "tensors.safetensors").write_bytes(b"nothing")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """The folder of a home and of a company. Read only."""
    folder = tmp_path_factory.mktemp("made")
    make_home(folder / "home", encoder_folder, encoder)
    write_questions(folder / "company", QUESTIONS)
    return folder


@pytest.fixture
def home(made_once: Path, tmp_path: Path, encoder: OnnxEncoder) -> Home:
    """A home of its own, to do anything with."""
    shutil.copytree(made_once / "home", tmp_path / "home", symlinks=True)
    return Home(Settings.load(tmp_path / "home"), encoder, made_once / "company")


def outcomes(comparison: Comparison | None) -> dict[str, str]:
    assert comparison is not None
    return {gate.name: gate.outcome for gate in comparison.gates}


def test_an_equal_set_passes_every_gate_and_is_promoted(home: Home) -> None:
    home.add("v2")
    found = home.promote()
    assert (found.promoted, found.failed, found.previous, found.number) == (True, (), "v1", 2)
    assert home.audit()[-1] == ("promoted", "model set v2 in place of v1")
    assert outcomes(found.comparison) == {
        "regression_cases": "passed",
        "answered_right": "passed",
        "answered_wrong": "passed",
        "best_right": "passed",
        "people_reached": "skipped",  # no question is for people
        "intent_right": "skipped",  # and none has an intent
        "unhappy_noticed": "passed",
        "calm_left_alone": "passed",
        "sentiment_right": "passed",
        "risk_budget": "passed",
        "p50_ms": "passed",  # seven questions are too few for the p95
        "answers_nothing": "passed",
        "answers_far_fewer": "passed",
        "size_mb": "passed",
    }
    assert home.champion() == "v2"
    assert home.aliases() == {"v2": ("champion",), "v1": ()}
    assert home.tags("v2")["previous_champion"] == "v1"
    assert home.tags("v2")["promoted_at"].endswith("+00:00")


def test_a_comparison_has_both_sets_side_by_side_and_changes_nothing(home: Home) -> None:
    home.add("v2", timid_set)
    found = home.compare()
    champion, challenger = found.figures["champion"], found.figures["challenger"]
    assert (champion["answered_right"], challenger["answered_right"]) == (1.0, 0.0)
    assert challenger["answered_right_interval"] == pytest.approx([0.0, 0.354], abs=5e-4)  # Wilson, 0 of 7
    assert champion["regression_cases_kept"] == challenger["regression_cases_kept"] == 2
    assert 0 < champion["p50_ms"] <= champion["p95_ms"]
    assert champion["size_mb"] > 0
    assert [gate.name for gate in found.failed] == ["answered_right", "answers_far_fewer"]  # 7 lost, none won
    assert found.notes == ("no past decisions to replay: nobody has asked yet",)
    assert home.aliases() == {"v2": ("challenger",), "v1": ("champion",)}
    lines = [line.split() for line in as_tables(found).splitlines()]
    assert ["regression_cases", "2", "2"] in lines
    assert ["failed", "answered_right"] in [line[:2] for line in lines]


def test_a_comparison_is_kept_in_the_homes_mlflow(home: Home) -> None:
    home.add("v2")
    home.compare()
    client = open_client(home.path)
    experiment = client.get_experiment_by_name("compare")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.data.params["champion"], run.data.params["challenger"]) == ("v1", "v2")
    assert run.data.metrics["challenger.answered_right"] == 1.0
    assert run.data.metrics["gate_passed.regression_cases"] == 1.0


def test_a_set_that_breaks_a_regression_case_is_refused_and_nothing_changes(home: Home) -> None:
    home.add("v2", handing_over_set)
    found = home.promote()
    assert not found.promoted
    assert found.failed == ("regression_cases", "answered_right", "answers_far_fewer")
    assert found.comparison is not None
    assert [case.ref for case in found.comparison.broken_cases] == ["learned_answer:1"] * 2
    assert home.champion() == "v1"
    assert home.aliases() == {"v2": ("challenger",), "v1": ("champion",)}
    assert home.tags("v2") == {}


def test_a_set_that_alarms_people_for_calm_customers_is_refused(home: Home) -> None:
    home.add("v2", touchy_set)
    found = home.compare()
    assert outcomes(found)["calm_left_alone"] == "failed"  # 5 lost, none won: p .031
    assert outcomes(found)["unhappy_noticed"] == "passed"
    champion, challenger = found.figures["champion"], found.figures["challenger"]
    assert (champion["mood_false_alarms"], challenger["mood_false_alarms"]) == (0.0, 1.0)
    assert (champion["mood_warned"], challenger["mood_warned"]) == (0.0, 1.0)


def test_a_set_that_no_longer_notices_unhappy_customers_is_refused(home: Home) -> None:
    home.add("v2", touchy_set)
    assert home.promote(override=lifting("calm_left_alone", "answered_right", "answers_far_fewer")).promoted
    home.add("v3")
    found = home.compare()
    assert outcomes(found)["unhappy_noticed"] == "failed"
    assert outcomes(found)["calm_left_alone"] == "passed"


def test_a_set_that_reads_the_sentiment_of_messages_worse_is_refused(home: Home) -> None:
    home.add("v2", lambda version, encoder: feeling_set(version, encoder, "positive"))
    found = home.promote()
    assert found.failed == ("sentiment_right",)  # 5 lost, none won: p .031
    assert found.comparison is not None
    champion, challenger = (found.comparison.figures[name] for name in ("champion", "challenger"))
    assert (champion["sentiment_accuracy"], challenger["sentiment_accuracy"]) == (0.5, 0.0)
    # Of the two labels that there are, "neutral" is always told by the champion and "negative" never.
    assert (champion["sentiment_macro_recall"], challenger["sentiment_macro_recall"]) == (0.5, 0.0)


def test_a_set_that_reads_the_sentiment_of_other_messages_right_is_no_worse(home: Home) -> None:
    home.add("v2", touchy_set)
    assert outcomes(home.compare())["sentiment_right"] == "passed"  # 5 lost, 5 won


def test_a_held_out_text_is_read_once_for_both_sets(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    times, read = Counter[str](), OnnxEncoder.read

    def read_counted(encoder: OnnxEncoder, texts: Sequence[str]) -> Reading:
        times.update(texts)
        return read(encoder, texts)

    home.add("v2")
    monkeypatch.setattr(OnnxEncoder, "read", read_counted)
    home.compare()
    assert {times[row["text"]] for row in SENTIMENTS} == {1}


@pytest.mark.parametrize(("slower", "outcome"), [(1.0, "passed"), (1.5, "failed")])
def test_a_set_whose_encoder_takes_longer_for_the_same_questions_is_refused(
    home: Home, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch, slower: float, outcome: str
) -> None:
    """By a clock that only reading moves: a second a text, and `slower` with the challenger's encoder."""
    place = copy_encoder(encoder_folder, home.settings.models_folder, "another")
    register(home.path, good_set("v2", OnnxEncoder.load(place, threads=1)))
    seconds, read = 0.0, OnnxEncoder.read

    def read_in_time(encoder: OnnxEncoder, texts: Sequence[str]) -> Reading:
        nonlocal seconds
        seconds += len(texts) * (slower if encoder.fingerprint == "another" else 1.0)
        return read(encoder, texts)

    monkeypatch.setattr(OnnxEncoder, "read", read_in_time)
    compared = home.compare(timing=Timing(lambda: seconds, least_pairs=1, least_rounds=1))
    assert outcomes(compared)["p50_ms"] == outcome
    champion, challenger = compared.figures["champion"], compared.figures["challenger"]
    assert challenger["p50_ms"] == pytest.approx(slower * champion["p50_ms"])


@pytest.mark.parametrize(("spare_bytes", "failed"), [(4_600_000, ()), (10_100_000, ("size_mb",))])
def test_a_set_that_grew_beyond_what_learning_takes_is_refused(
    home: Home, spare_bytes: int, failed: tuple[str, ...]
) -> None:
    home.add("v2", lambda version, encoder: good_set(version, encoder, spare_bytes=spare_bytes))
    assert home.promote().failed == failed


def test_a_set_that_can_never_answer_is_refused_and_says_how_many_more_questions_would_do(
    home: Home,
) -> None:
    home.add("v2", silent_set)
    found = home.promote()
    assert not found.promoted
    assert {"answers_nothing", "answers_far_fewer"} <= set(found.failed)
    assert found.comparison is not None
    (gate,) = (gate for gate in found.comparison.gates if gate.name == "answers_nothing")
    assert (
        "of 10 calibration questions 10 found the right one, about 10 more like these would do" in gate.reason
    )


def lifting(*gates: str) -> Override:
    return Override(frozenset(gates), "Ada Wren", "the old one is too bold")


def test_a_person_can_lift_named_gates_and_that_is_written_down(home: Home) -> None:
    home.add("v2", timid_set)
    found = home.promote(override=lifting("answered_right", "answers_far_fewer", "size_mb"))
    assert (found.promoted, found.failed) == (True, ("answered_right", "answers_far_fewer"))
    assert home.champion() == "v2"
    tags = home.tags("v2")
    assert (tags["promoted_by"], tags["promoted_why"]) == ("Ada Wren", "the old one is too bold")
    assert (tags["failed_gates"], tags["previous_champion"]) == ("answered_right, answers_far_fewer", "v1")


def test_a_gate_that_nobody_lifted_still_stops_a_promotion(home: Home) -> None:
    home.add("v2", timid_set)
    found = home.promote(override=lifting("answered_right"))
    assert (found.promoted, found.not_lifted) == (False, ("answers_far_fewer",))
    assert home.champion() == "v1"
    assert home.tags("v2") == {}


def test_any_set_can_be_named_by_version_or_number(home: Home) -> None:
    home.add("v2")
    home.add("v3")
    assert home.compare("v2").challenger == "v2"
    assert home.compare().challenger == "v3"
    assert home.promote("2").version == "v2"
    assert home.aliases() == {"v3": ("challenger",), "v2": ("champion",), "v1": ()}


def test_what_is_no_challenger_is_refused_by_name(home: Home) -> None:
    with pytest.raises(NotFoundError, match="there is no challenger; train one"):
        home.compare()
    with pytest.raises(NotFoundError, match="no model set 'v9'"):
        home.compare("v9")
    with pytest.raises(ConflictError, match="v1 is the champion already"):
        home.promote("v1")


def test_a_rollback_puts_the_previous_champion_back(home: Home) -> None:
    home.add("v2")
    home.promote()
    found = roll_back(home.settings)
    assert (found.version, found.replaced) == ("v1", "v2")
    assert home.champion() == "v1"
    assert home.aliases() == {"v2": (), "v1": ("champion",)}
    assert home.tags("v2")["rolled_back_at"]
    with pytest.raises(ConflictError, match="so there is none to go back to"):
        roll_back(home.settings)
    assert home.champion() == "v1"
    assert home.audit()[-2:] == [
        ("promoted", "model set v2 in place of v1"),
        ("rolled back", "model set v2 to v1"),
    ]


def test_a_rollback_to_a_damaged_set_is_refused(home: Home) -> None:
    home.add("v2")
    home.promote()
    home.damage("v1")
    with pytest.raises(ArtifactError, match="missing or damaged"):
        roll_back(home.settings)
    assert home.champion() == "v2"


def test_a_damaged_challenger_is_refused_even_by_force(home: Home) -> None:
    home.add("v2")
    home.damage("v2")
    with pytest.raises(ArtifactError, match="missing or damaged"):
        home.promote(override=lifting(*promotion.LIFTABLE))
    assert home.champion() == "v1"


def test_a_damaged_champion_is_replaced_on_a_persons_word_alone(home: Home) -> None:
    home.add("v2")
    home.damage("v1")
    for override in (None, lifting("answered_right")):
        with pytest.raises(ArtifactError, match="v1"):
            home.promote(override=override)
    found = home.promote(override=lifting("no_comparison"))
    assert (found.promoted, found.failed, found.comparison) == (True, ("no_comparison",), None)
    assert home.champion() == "v2"


def crash_while_promoting(home: Home, monkeypatch: pytest.MonkeyPatch, *, at: str) -> None:
    """The process dies as it reaches this step of the registry."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model_sets, at, crash)
        with pytest.raises(KeyboardInterrupt):
            home.promote()


def test_after_a_crash_before_the_pointer_moved_the_pointer_wins(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add("v2")

    crash_while_promoting(home, monkeypatch, at="write_pointer")
    assert home.champion() == "v1"
    assert home.aliases() == {"v2": ("challenger", "champion"), "v1": ()}
    settle_aliases(home.path)
    assert home.aliases() == {"v2": ("challenger",), "v1": ("champion",)}
    assert home.promote().promoted
    assert home.aliases() == {"v2": ("champion",), "v1": ()}


def test_after_a_crash_behind_the_pointer_the_new_champion_is_no_challenger_any_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add("v2")

    crash_while_promoting(home, monkeypatch, at="settle_aliases")
    assert home.champion() == "v2"
    assert roll_back(home.settings).version == "v1"
    assert home.aliases() == {"v2": (), "v1": ("champion",)}


def test_without_held_out_questions_the_rest_is_compared_and_that_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.data.labelled.GENERAL_FOLDER", home.questions)  # has fewer conversations
    home.add("v2", handing_over_set)
    found = promotion.compare_sets(home.settings, most_past=10, timing=ONCE_ALIKE)
    assert found.notes[0].startswith("no held-out questions")
    assert outcomes(found)["answered_right"] == outcomes(found)["risk_budget"] == "skipped"
    assert [gate.name for gate in found.failed] == ["regression_cases"]
    assert outcomes(found)["answers_far_fewer"] == "skipped"


def test_a_folder_without_held_out_questions_is_named(home: Home, tmp_path: Path) -> None:
    home.add("v2")
    with pytest.raises(DataError, match=r"test/questions.jsonl does not exist"):
        promotion.compare_sets(home.settings, data=tmp_path, most_past=10)


def test_questions_whose_answers_the_home_does_not_know_are_refused(home: Home) -> None:
    """As those of the folder it was trained with are, asked by default, in a home without its articles."""
    home.add("v2")
    remember_folder(home.settings, DEMO_FOLDER)
    with pytest.raises(DataError, match="the home knows none of the"):
        promotion.compare_sets(home.settings, most_past=10, timing=ONCE_ALIKE)


def with_intents(version: str, encoder: OnnxEncoder) -> TrainedSet:
    """As good as the champion, and it knows what customers want."""
    good = good_set(version, encoder)
    return replace(good, models=replace(good.models, intents={"noise": IntentInfo("desk", False)}))


def test_the_first_set_with_intents_takes_the_place_of_the_starting_set_until_an_answer_was_approved(
    home: Home,
) -> None:
    taught = register(home.path, with_intents("v2", home.encoder))
    assert replace_starting_set(home.settings, taught) == taught  # the import wrote regression cases
    assert home.champion() == "v1"
    database = Database(home.settings.database_url)
    with database.session() as session:
        session.execute(delete(RegressionCase))
    database.close()
    in_service = replace_starting_set(home.settings, taught)
    assert (in_service.in_service, in_service.aliases, home.champion()) == (True, ("champion",), "v2")
    assert home.tags("v2")["previous_champion"] == "v1"
    third = register(home.path, with_intents("v3", home.encoder))
    assert not replace_starting_set(home.settings, third).in_service
    assert home.champion() == "v2"


def test_a_set_on_another_encoder_is_compared_on_its_own_index_and_can_go_back(
    home: Home, encoder_folder: Path
) -> None:
    place = copy_encoder(encoder_folder, home.settings.models_folder, "another")
    other = OnnxEncoder.load(place, threads=1)
    register(home.path, good_set("v2", other))
    found = home.promote(override=lifting("p50_ms"))
    assert found.comparison is not None
    assert outcomes(found.comparison)["encoder_mb"] == "passed"
    challenger = found.comparison.figures["challenger"]
    assert (challenger["answered_right"], challenger["regression_cases_kept"]) == (1.0, 2)
    assert sorted(path.name for path in home.settings.index_folder.iterdir() if not path.suffix) == sorted(
        ["another", home.encoder.fingerprint]
    )
    assert home.champion() == "v2"
    assert roll_back(home.settings).version == "v1"


def test_a_set_whose_encoder_is_missing_is_refused(home: Home, encoder_folder: Path) -> None:
    place = copy_encoder(encoder_folder, home.settings.models_folder, "another")
    register(home.path, good_set("v2", OnnxEncoder.load(place, threads=1)))
    shutil.rmtree(place)
    with pytest.raises(ArtifactError, match="has no encoder another"):
        home.promote(override=lifting(*promotion.LIFTABLE))
    assert home.champion() == "v1"


def test_of_two_promotions_at_once_one_is_refused_and_the_other_ends_as_if_alone(home: Home) -> None:
    home.add("v2")
    comparing, go_on = threading.Event(), threading.Event()

    def slowly(things: Iterable[Any], **_: object) -> Iterable[Any]:
        comparing.set()
        assert go_on.wait(60)
        return things

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            promotion.promote,
            home.settings,
            data=home.questions,
            most_past=10,
            timing=ONCE_ALIKE,
            track=slowly,
        )
        assert comparing.wait(60)
        for second in (home.promote, lambda: roll_back(home.settings)):
            with pytest.raises(ConflictError, match=r"another promotion or rollback in .* is running"):
                second()
        home.add("v3")  # a training that ends meanwhile waits for no comparison
        go_on.set()
        assert first.result().promoted
    assert home.champion() == "v2"
    assert home.aliases() == {"v3": ("challenger",), "v2": ("champion",), "v1": ()}


def test_two_processes_that_promote_different_sets_at_once_leave_one_champion(
    home: Home,
) -> None:
    """Whoever was first; pointer and aliases agree."""
    for version in ("v2", "v3"):
        home.add(version)
    starts = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PROMOTE, str(home.path), str(home.questions), version],
            cwd=ROOT,
            stderr=subprocess.PIPE,
        )
        for version in ("v2", "v3")
    ]
    errors = [start.communicate(timeout=120)[1].decode() for start in starts]
    codes = [start.returncode for start in starts]
    assert set(codes) <= {0, 1}, errors
    assert 0 in codes, errors
    assert all("is running" in error for error, code in zip(errors, codes, strict=True) if code), errors
    champion = home.champion()
    assert champion in {"v2", "v3"}
    assert [version for version, aliases in home.aliases().items() if "champion" in aliases] == [champion]
    assert home.tags(champion)["previous_champion"] in {"v1", "v2", "v3"} - {champion}
