"""The sample company's data and the general ones: enough of them, honest splits, no filler."""

import json
import re
import string
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from eval.data.dialogues import DIALOGUE_KINDS, Dialogue, read_dialogues
from eval.data.labelled import (
    LabelledQuestion,
    own_or_general,
    read_labelled_questions,
    read_labelled_texts,
    read_mood_conversations,
)
from eval.suites.sentiment import read_sentiments
from knowledge import DEMO_FOLDER, GENERAL_FOLDER
from knowledge.importing.source import read_source
from knowledge.json_lines import read_texts
from model.generation import smalltalk_reply
from serving.company.file import read_company
from training.datasets.training_data import general_data, published_articles

TRAINING = sorted(
    path for one in (DEMO_FOLDER, GENERAL_FOLDER) for path in (one / "training").glob("*.jsonl")
)
SPLITS = ("calibration", "test")


def questions(split: str) -> list[LabelledQuestion]:
    return read_labelled_questions(DEMO_FOLDER / split / "questions.jsonl")


def dialogues(split: str) -> list[Dialogue]:
    return read_dialogues(own_or_general(DEMO_FOLDER, f"{split}/dialogues.jsonl"))


def labels(name: str) -> Counter[str]:
    return Counter(
        row.label for row in read_labelled_texts(own_or_general(DEMO_FOLDER, f"training/{name}.jsonl"))
    )


def folded(text: str) -> str:
    """The text without regard to case, spacing and punctuation at its ends."""
    return " ".join(text.casefold().split()).strip(string.punctuation + " ") or text.strip()


def test_there_are_sixty_articles_and_five_teams() -> None:
    assert len(published_articles(DEMO_FOLDER / "articles")) >= 60
    company = read_company(DEMO_FOLDER)
    assert [team.name for team in company.teams] == [
        "billing",
        "deliveries",
        "devices",
        "accounts",
        "success",
    ]


def test_every_team_has_intents_and_some_intents_are_for_people_alone() -> None:
    company = read_company(DEMO_FOLDER)
    assert {intent.team for intent in company.intents} == {team.name for team in company.teams}
    assert 3 <= sum(intent.human_only for intent in company.intents) <= len(company.intents) / 2


def test_every_intent_has_twenty_five_utterances() -> None:
    counts = labels("intents")
    assert len(counts) >= 25
    assert min(counts.values()) >= 25
    assert set(counts) == {intent.name for intent in read_company(DEMO_FOLDER).intents}


def test_the_heads_that_every_business_gets_have_their_labels() -> None:
    assert set(labels("sentiment")) == {"negative", "neutral", "positive"}
    assert set(labels("wants_person")) == {"person", "no"}
    known_replies = {smalltalk_reply(kind) for kind in labels("smalltalk")}
    assert len(known_replies) == len(labels("smalltalk")), "a kind of smalltalk has no words of its own"
    for name in ("sentiment", "wants_person"):
        assert min(labels(name).values()) >= 0.15 * labels(name).total(), name


@pytest.mark.parametrize(("split", "fewest", "of_a_kind"), [("test", 300, 20), ("calibration", 600, 5)])
def test_questions_are_many_and_of_all_kinds(split: str, fewest: int, of_a_kind: int) -> None:
    found = questions(split)
    assert len(found) >= fewest
    kinds = Counter(one.kind for one in found)
    assert set(kinds) == {"answerable", "needs_person", "out_of_scope", "smalltalk"}
    assert kinds["answerable"] > len(found) / 2
    assert min(kinds.values()) >= of_a_kind


@pytest.mark.parametrize("split", SPLITS)
def test_no_question_is_there_twice(split: str) -> None:
    found = questions(split)
    assert len({one.id for one in found}) == len(found)
    assert len({folded(one.text) for one in found}) == len(found)


def test_a_hundred_messages_of_each_sentiment_are_tested_and_none_is_learned_from() -> None:
    tested = read_sentiments(GENERAL_FOLDER / "test" / "sentiment.jsonl")
    assert Counter(row.label for row in tested) == {"negative": 100, "neutral": 100, "positive": 100}
    texts = {folded(row.text) for row in tested}
    assert len(texts) == 300
    for path in TRAINING:
        assert texts.isdisjoint(map(folded, read_texts(path)))
    for split in SPLITS:
        assert texts.isdisjoint(folded(one.text) for one in questions(split))
        moods = read_mood_conversations(GENERAL_FOLDER / split / "moods.jsonl")
        assert texts.isdisjoint(folded(turn.text) for one in moods for turn in one.turns)


def test_no_test_question_is_trained_or_calibrated_on() -> None:
    tested = {folded(one.text) for one in questions("test")}
    for path in (*TRAINING, DEMO_FOLDER / "calibration" / "questions.jsonl"):
        assert tested.isdisjoint(map(folded, read_texts(path))), path.name
    learned = read_source(DEMO_FOLDER / "learned_answers.jsonl").question_answers
    assert tested.isdisjoint(folded(text) for one in learned for text in (one.question, *one.phrasings))


def test_no_calibration_question_is_trained_on() -> None:
    calibrated = {folded(one.text) for one in questions("calibration")}
    for path in TRAINING:
        assert calibrated.isdisjoint(map(folded, read_texts(path))), path.name


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.stem)
def test_no_text_has_two_labels_or_is_there_twice(path: Path) -> None:
    counts = Counter(folded(row.text) for row in read_labelled_texts(path))
    assert [text for text, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("split", SPLITS)
def test_every_answer_named_is_a_published_article(split: str) -> None:
    published = {f"article:{one.slug}" for one in published_articles(DEMO_FOLDER / "articles")}
    assert set().union(*(one.refs for one in questions(split))) - published == set()


@pytest.mark.parametrize("split", SPLITS)
def test_every_intent_named_is_the_companys(split: str) -> None:
    known = {intent.name: intent for intent in read_company(DEMO_FOLDER).intents}
    named = [one for one in questions(split) if one.intent is not None]
    assert {one.intent for one in named} - set(known) == set()
    assert {
        one.intent for one in named if one.kind == "answerable" and known[one.intent or ""].human_only
    } == set()


@pytest.mark.parametrize("split", SPLITS)
def test_dialogues_are_many_of_all_kinds_and_of_two_and_three_turns(split: str) -> None:
    found = dialogues(split)
    assert len(found) >= 90
    assert set(Counter(one.kind for one in found)) == set(DIALOGUE_KINDS)
    customers = Counter(sum(turn.author == "customer" for turn in one.before) for one in found)
    assert min(customers[1], customers[2]) >= 15
    assert len({one.id for one in found}) == len(found)


def test_no_test_dialogue_is_trained_or_calibrated_on() -> None:
    tested = {folded(one.text) for one in dialogues("test")}
    for path in (*TRAINING, DEMO_FOLDER / "calibration" / "questions.jsonl"):
        assert tested.isdisjoint(map(folded, read_texts(path))), path.name
    calibrated = {
        folded(text)
        for one in dialogues("calibration")
        for text in (one.text, *(turn.text for turn in one.before if turn.author == "customer"))
    }
    said = {
        folded(turn.text) for one in dialogues("test") for turn in one.before if turn.author == "customer"
    }
    assert (tested | said).isdisjoint(calibrated)


@pytest.mark.parametrize("split", SPLITS)
def test_every_answer_of_a_dialogue_is_published_or_learned(split: str) -> None:
    learned = read_source(DEMO_FOLDER / "learned_answers.jsonl").question_answers
    known = {f"article:{one.slug}" for one in published_articles(DEMO_FOLDER / "articles")}
    known |= {f"learned_answer:{one.question}" for one in learned}
    named = {ref for one in dialogues(split) for ref in (*one.refs, *(r for t in one.before for r in t.refs))}
    assert named - known == set()


def test_the_example_help_centre_has_the_answers_to_the_general_questions_and_dialogues() -> None:
    data = general_data()
    known = {f"article:{one.slug}" for one in data.articles}
    assert set().union(*(one.refs for one in data.questions)) - known == set()
    learned = {f"learned_answer:{one.question}" for one in data.learned_answers}
    assert {ref for one in data.dialogues for ref in one.refs} - known - learned == set()
    assert {one.intent for one in data.questions} == {None}


def test_superseded_articles_name_their_successor() -> None:
    articles = {one.slug: one for one in read_source(DEMO_FOLDER / "articles", flat_slugs=True).articles}
    superseded = [one for one in articles.values() if one.superseded_by]
    assert superseded
    assert all(articles[one.superseded_by or ""].superseded_by is None for one in superseded)


def test_no_article_is_refused_and_each_has_words() -> None:
    result = read_source(DEMO_FOLDER / "articles", flat_slugs=True)
    assert result.refusals == ()
    assert [one.slug for one in result.articles if len(one.body.split()) < 40] == []


@pytest.mark.parametrize("name", ["intents", "sentiment", "wants_person"])
def test_texts_are_not_made_from_templates(name: str) -> None:
    texts = [folded(text) for text in read_texts(own_or_general(DEMO_FOLDER, f"training/{name}.jsonl"))]
    openings = Counter(" ".join(text.split()[:4]) for text in texts if len(text.split()) >= 4)
    often = {opening: n for opening, n in openings.items() if n > 0.03 * len(texts)}
    assert often == {}


@pytest.mark.parametrize("split", SPLITS)
def test_questions_are_not_made_from_templates(split: str) -> None:
    texts = [folded(one.text) for one in questions(split)]
    openings = Counter(" ".join(text.split()[:4]) for text in texts if len(text.split()) >= 4)
    assert {opening: n for opening, n in openings.items() if n > 0.03 * len(texts)} == {}


def test_no_two_utterances_of_an_intent_differ_by_one_word_alone() -> None:
    """At most one in fifty may: people do write nearly the same."""
    rows = read_labelled_texts(DEMO_FOLDER / "training" / "intents.jsonl")
    near = set()
    by_label: dict[str, list[str]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(folded(row.text))
    for texts in by_label.values():
        for one, other in combinations(texts, 2):
            a, b = one.split(), other.split()
            if len(a) == len(b) >= 5 and sum(x != y for x, y in zip(a, b, strict=True)) == 1:
                near.add(other)
    assert len(near) <= 0.02 * len(rows), sorted(near)[:10]


def test_texts_are_of_many_lengths() -> None:
    words = sorted(len(one.text.split()) for one in questions("test"))
    assert words[len(words) // 10] <= 6
    assert words[len(words) * 9 // 10] >= 15


def test_no_personal_data_of_a_real_domain_is_in_the_sample() -> None:
    for path in (*DEMO_FOLDER.rglob("*.jsonl"), *GENERAL_FOLDER.rglob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            for word in json.loads(text).get("text", "").split():
                for domain in re.findall(r"@([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})", word, re.IGNORECASE):
                    assert domain.endswith((".example", "example.com")), (path.name, word)  # RFC 2606
