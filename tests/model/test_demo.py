"""The bot of the sample company, as trained: who gets a person, and how seldom an answer is wrong."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eval.data.labelled import LabelledQuestion, read_labelled_questions
from eval.metrics.intervals import clopper_pearson
from knowledge import DEMO_FOLDER
from knowledge.importing.source import read_source
from model.resolver import Resolver
from model.types import Decision, Question, Turn
from serving.company.danger import GENERAL_DANGER

ASKING_FOR_A_PERSON = (
    # politely
    "Can I talk to a person please?",
    "Could you please put me through to a member of your team?",
    "I would like to speak with someone from customer service",
    "Would it be possible to chat with a real human?",
    "Thanks, but I'd rather discuss this with a person.",
    "call me back please, I want to talk about this",
    # in a word or two
    "human",
    "agent pls",
    "real person please",
    "representative",
    "operator!!",
    "transfer me",
    # with mistakes
    "i want to tlak to a human",
    "can i speek to someone",
    "let me talk to a persn",
    "conect me with an agent",
    "can sb from ur team write to me",
    # angrily
    "STOP. I want a human being NOW.",
    "this bot is useless, get me a real person",
    "I'm done with this robot, give me someone who can actually help",
    "I asked for a human three times already",
    "I need to speak to a supervisor about my bill",
    # in passing
    "forget it, let me talk to someone",
    "never mind, just connect me to support staff",
    "My box never came and the app is no help. Can I just speak to somebody?",
    "My pump is loud, I tried cleaning it twice. Please have one of your people contact me.",
    # as a question
    "is there anyone there I can actually talk to?",
    "Is there a phone number where I can reach a person?",
    "hello, are you a human? if not I want one",
    # beside others
    "have someone phone me about my box",
    "the driver shouted at me, I want to talk to someone in charge",
)
NOT_ASKING_FOR_A_PERSON = (
    "I don't need a person, just tell me where my box is",
    "No, you don't need to transfer me",
    "the delivery person left it next door",
    "How many people does one box feed?",
    "Do I have to speak to someone to cancel?",
    "I don't want to talk to anyone, I just want to skip a week",
    "my agent at the bank says the charge came from you",
    "no need for a human, thanks, what does the yearly plan cost?",
    "Can a person with a nut allergy eat the herbs?",
    "your support team helped me last week, how do I pause now?",
    "Someone else signed for my parcel",
    "don't connect me to anybody, just answer: is shipping free",
    # of others
    "I would like to make a phone call",
    "call me Kit from now on",
    "I need you to call the neighbour who has my box",
    "find me an uber",
    "who's calling me",
)


@pytest.fixture(scope="module")
def resolver(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolver]:
    """The resolver that a server of the sample company runs."""
    from serving.runtime.assembly import build_runtime
    from serving.settings import Settings

    home = tmp_path_factory.mktemp("demo") / "home"
    shutil.copytree(trained_home, home, ignore=shutil.ignore_patterns("encoder", "mlruns"))
    (home / "models" / "encoder").symlink_to(trained_home / "models" / "encoder")
    # one thread: several would wait for each other while other tests take the cores
    runtime = build_runtime(Settings.load(home).model_copy(update={"encoder_threads": 1}))
    yield runtime.resolver  # type: ignore[misc]
    runtime.stop()


@pytest.fixture(scope="module")
def decided(resolver: Resolver) -> list[tuple[LabelledQuestion, Decision]]:
    """What became of every test question."""
    questions = read_labelled_questions(DEMO_FOLDER / "test" / "questions.jsonl")
    resolver.resolve(Question("warm up"))
    return [(question, resolver.resolve(Question(question.text))) for question in questions]


@pytest.mark.parametrize("text", ASKING_FOR_A_PERSON)
def test_a_person_who_asks_for_a_person_always_gets_one(resolver: Resolver, text: str) -> None:
    assert resolver.resolve(Question(text)).kind == "handoff"


@pytest.mark.parametrize("text", ASKING_FOR_A_PERSON[::5])
def test_a_person_who_asks_after_an_answer_gets_one_too(resolver: Resolver, text: str) -> None:
    history = (Turn("customer", "my wifi is gone"), Turn("bot", "Hold the button for 5 seconds."))
    assert resolver.resolve(Question(text, history, clarifications=1)).kind == "handoff"


def test_who_writes_of_sparks_is_told_to_pull_the_plug_and_goes_to_a_person(resolver: Resolver) -> None:
    got = resolver.resolve(Question("there was a spark when i plugged it in", danger=GENERAL_DANGER))
    assert (got.kind, got.reasons) == ("handoff", ("danger",))
    assert "pull the plug" in got.answer


@pytest.mark.parametrize(
    "text", ["I want to kill myself because my box is late", "my ex is stalking me and knows my address"]
)
def test_who_is_in_danger_for_another_reason_is_not_sent_an_article(resolver: Resolver, text: str) -> None:
    got = resolver.resolve(Question(text, danger=GENERAL_DANGER))
    assert (got.kind, got.reasons, got.answer) == ("handoff", ("danger",), "")


@pytest.mark.parametrize("text", NOT_ASKING_FOR_A_PERSON)
def test_who_speaks_of_people_without_asking_for_one_is_not_taken_to_ask(
    resolver: Resolver, text: str
) -> None:
    assert "wants_person" not in resolver.resolve(Question(text)).reasons


def test_no_test_question_for_people_is_answered_by_the_bot(
    decided: list[tuple[LabelledQuestion, Decision]],
) -> None:
    answered = [
        one.text for one, decision in decided if one.kind == "needs_person" and decision.kind == "answer"
    ]
    assert answered == []


def test_what_a_person_answered_is_answered_from_then_on_in_each_of_its_wordings(resolver: Resolver) -> None:
    learned = read_source(DEMO_FOLDER / "learned_answers.jsonl").question_answers
    asked = [(one, text) for one in learned for text in (one.question, *one.phrasings)]
    assert len(asked) == 61
    decided = [(one, text, resolver.resolve(Question(text))) for one, text in asked]
    assert [text for one, text, got in decided if (got.kind, got.answer) != ("answer", one.answer)] == []


def test_the_wrong_answers_to_test_questions_do_not_speak_against_the_budget(
    decided: list[tuple[LabelledQuestion, Decision]],
) -> None:
    answered = [(one, decision) for one, decision in decided if decision.kind == "answer"]
    wrong = [one.text for one, decision in answered if decision.sources[0].ref not in one.refs]
    assert len(answered) >= 10
    assert clopper_pearson(len(wrong), len(answered)).low <= 0.02, wrong


def test_smalltalk_is_never_answered_with_an_article(
    decided: list[tuple[LabelledQuestion, Decision]],
) -> None:
    kinds = [decision.kind for one, decision in decided if one.kind == "smalltalk"]
    assert "answer" not in kinds
    assert kinds.count("smalltalk") >= 0.6 * len(kinds)


def test_half_of_the_answers_take_at_most_a_tenth_of_a_second_of_processor_time(
    resolver: Resolver, record_property: Callable[[str, object], None]
) -> None:
    """Not of the clock, so that what else runs on the machine does not count."""
    texts = [one.text for one in read_labelled_questions(DEMO_FOLDER / "test" / "questions.jsonl")[:100]]
    p50 = sorted(_processor_milliseconds(resolver, text) for text in texts)[50]
    record_property("p50_ms", p50)
    assert p50 <= 100


def _processor_milliseconds(resolver: Resolver, text: str) -> float:
    started = time.process_time()
    resolver.resolve(Question(text))
    return (time.process_time() - started) * 1000
