"""`firstlast.open_home`: ask, classify, search, teach and evaluate, on a small home with the real encoder."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import firstlast
from eval.python_api import Home
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError, DataError, NotFoundError
from model.types import Turn
from tests.training.promotion_parts import QUESTIONS, make_home, write_questions

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home with three articles and a learned answer."""
    home = tmp_path_factory.mktemp("api") / "home"
    make_home(home, encoder_folder, encoder)
    return home


@pytest.fixture
def home(folder: Path) -> Iterator[Home]:
    with firstlast.open_home(folder) as opened:
        yield opened


def test_a_question_is_decided_as_by_the_bot(home: Home) -> None:
    decision = home.ask("why are the leaves yellow")
    assert (decision.kind, decision.model) == ("answer", "v1")
    assert decision.sources[0].ref == "article:yellow-leaves"
    said = Turn("customer", "my pump is loud")
    assert home.ask("and why?", history=[said]).candidates[0].candidate.ref == "article:loud-pump"


def test_texts_are_classified_in_their_order_with_mistypings_mended(home: Home) -> None:
    texts = ["the pump is awfully loud", "why are the leavs yelow"]
    read = home.classify(texts)
    asked = [home.ask(text).understanding for text in texts]
    assert [one.out_of_scope_score for one in read] == pytest.approx(
        [one.out_of_scope_score for one in asked]
    )
    assert [one.telling for one in read] == [True, True]
    assert home.classify([]) == []


def test_search_gives_the_nearest_answers_first(home: Home) -> None:
    found = home.search("loud pump", top_k=2)
    assert (found[0].ref, len(found)) == ("article:loud-pump", 2)


def test_what_is_taught_is_known_at_once_and_when_it_is_opened_again(folder: Path) -> None:
    question = "Do you ship seeds to Norway?"
    with firstlast.open_home(folder) as home:
        before = home.ask(question).sources
        ref = home.teach(question, "Yes, within ten days.", phrasings=["seeds to Oslo?"])
        assert ref not in [source.ref for source in before]
        assert home.ask(question).answer == "Yes, within ten days."
    with firstlast.open_home(folder) as home:
        assert home.search("seeds to Oslo?")[0].ref == ref
        with pytest.raises(DataError):
            home.teach("", "Words without a question.")


def test_labelled_questions_are_evaluated_at_a_budget(home: Home, tmp_path: Path) -> None:
    company = write_questions(tmp_path / "company", QUESTIONS)
    result = home.evaluate(company / "test" / "questions.jsonl", risk=0.1)
    assert (result.figures.n, result.figures.risk) == (7, 0.1)
    assert result.figures.best_right.value == 1.0
    assert [item.id for item in result.items] == [f"q{number}" for number in range(7)]
    with pytest.raises(DataError, match="remembers no test questions"):
        home.evaluate()


def test_answers_that_the_home_does_not_know_are_told(home: Home, tmp_path: Path) -> None:
    company = write_questions(tmp_path / "company", [("what is a bug", "bugs")])
    with pytest.raises(DataError, match="knows none of the 1 answers"):
        home.evaluate(str(company / "test" / "questions.jsonl"))


def test_a_home_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no home"):
        firstlast.open_home(tmp_path / "typo")
    assert list(tmp_path.iterdir()) == []


def test_a_home_without_a_model_set_says_what_to_run(tmp_path: Path, encoder_folder: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "encoder").symlink_to(encoder_folder)
    with pytest.raises(ArtifactError, match="firstlast init"):
        firstlast.open_home(tmp_path)


def test_the_lines_of_the_readme_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lines,) = re.findall(r"```python\n(import firstlast\n.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(lines.splitlines()) <= 12
    (tmp_path / ".firstlast").symlink_to(folder)
    company = write_questions(tmp_path / "company", QUESTIONS)
    (company / "test" / "questions.jsonl").rename(tmp_path / "questions.jsonl")
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    said = capsys.readouterr().out.splitlines()
    assert (said[0].split()[0], said[3]) == ("answer", "How do I get a refund?")
    assert said[-1].startswith("Figure(value=")
