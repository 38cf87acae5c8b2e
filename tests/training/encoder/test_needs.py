"""What an encoder is adapted to: gathered from every source, split by need, paired with hard negatives."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion
from knowledge import DEMO_FOLDER
from knowledge.documents import ArticleDocument, QuestionAnswer
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from serving.articles import service as articles
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, DecisionRecord, Feedback, Message
from serving.learned_answers import service as learned_answers
from tests.stores import sqlite_url
from training.datasets.training_data import general_data
from training.encoder.adaptation import unseen
from training.encoder.need_sources import merged, read_sources, stored_sources
from training.encoder.needs import Asked, Needs, Sources, is_held_out, needs_of, share_of, split
from training.encoder.pairs import make_pairs

REFUNDS = ArticleDocument("refunds", "Refunds", "Send it back within 45 days.\n\n## How\n\nPrint the label.")
WIFI = ArticleDocument("wifi", "Connect the wifi", "Hold the button until the light is blue.")
RAIN = QuestionAnswer("rain", "Rain water?", "Yes.", ("is rain ok", "water from the sky", "rain barrel"))


def write_jsonl(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def texts(asked: Sequence[Asked]) -> set[str]:
    return {one.text for one in asked}


def test_every_second_phrasing_is_searched_and_the_others_are_asked() -> None:
    needs = needs_of(Sources((WIFI,), (RAIN,)))
    assert [one.search_text for one in needs.knowledge["learned_answer:0"]] == [
        "Rain water?",
        "is rain ok",
        "rain barrel",
    ]
    assert needs.asked == (Asked("water from the sky", frozenset({"learned_answer:0"}), spared=True),)
    assert "article:wifi" in needs.knowledge


def test_where_nobody_asked_titles_are_asked_of_texts_without_them() -> None:
    needs = needs_of(Sources((REFUNDS, WIFI)))
    assert texts(needs.asked) == {"Refunds", "Connect the wifi"}
    assert [one.search_text for one in needs.knowledge["article:wifi"]] == [WIFI.body]
    assert all("Refunds" not in one.search_text for one in needs.knowledge["article:refunds"])


def test_a_question_is_asked_once_and_only_of_answers_that_are_known() -> None:
    refs = frozenset({"article:wifi", "article:gone"})
    asked = (Asked("wifi?", refs), Asked("WIFI?", refs), Asked("gone?", frozenset({"article:gone"})))
    assert needs_of(Sources((WIFI,), (), asked)).asked == (Asked("wifi?", frozenset({"article:wifi"})),)


def test_the_sample_companys_folder_spares_about_half_of_its_questions() -> None:
    needs = needs_of(read_sources(DEMO_FOLDER))
    spared = [one.spared for one in needs.asked]
    assert len(needs.knowledge) == 95  # 83 articles that no other one superseded, 12 learned answers
    assert 0.4 < np.mean(spared) < 0.6
    assert len({row.label for row in needs.alike}) == 32


def test_labelled_texts_are_needs_of_which_half_the_texts_are_asked(tmp_path: Path) -> None:
    rows = [
        {"text": text, "label": "lost_card"}
        for text in ("lost card", "card gone", "card is gone", "lost card")
    ]
    needs = needs_of(read_sources(write_jsonl(tmp_path / "needs.jsonl", rows)))
    assert [one.search_text for one in needs.knowledge["learned_answer:0"]] == ["lost card", "card gone"]
    assert needs.asked == (Asked("card is gone", frozenset({"learned_answer:0"})),)


def beir_folder(folder: Path, judgements: str) -> Path:
    write_jsonl(folder / "corpus.jsonl", [{"_id": "wifi", "title": "Wifi", "text": "Hold the button."}])
    write_jsonl(folder / "queries.jsonl", [{"_id": "q", "text": "no internet"}])
    (folder / "qrels").mkdir()
    (folder / "qrels" / f"{judgements}.tsv").write_text("q\twifi\t1\n")
    return folder


def test_of_a_beir_folder_the_training_queries_are_read_and_the_tests_never(tmp_path: Path) -> None:
    trained = needs_of(read_sources(beir_folder(tmp_path / "train", "train")))
    tested = needs_of(read_sources(beir_folder(tmp_path / "test", "test")))
    assert texts(trained.asked) == {"no internet"}
    assert texts(tested.asked) == {"Wifi"}


def test_the_store_gives_confirmed_questions_to_the_answer_they_were_given(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        articles.create(session, WIFI)
        learned = learned_answers.create(session, question="Rain?", answer="Yes.", phrasings=("rain ok",))
        session.add(Contact(id="customer"))
        session.flush()
        session.add(Conversation(id="c", contact_id="customer", client_id="c"))
        session.flush()
        for number, (question, ref, helpful) in enumerate(
            [
                ("no internet", "article:wifi", True),
                ("sky water", f"learned_answer:{learned.id}", True),
                ("my leaves", "article:wifi", False),
            ]
        ):
            decided(session, number, question, ref, helpful=helpful)
    with database.reading() as session:
        found = stored_sources(session)
    database.close()
    assert found.asked == (Asked("no internet", frozenset({"article:wifi"})),)
    assert [one.phrasings for one in found.learned] == [("rain ok", "sky water")]
    assert [one.slug for one in found.articles] == ["wifi"]


def decided(session: Session, number: int, question: str, ref: str, *, helpful: bool) -> None:
    """A decision on record, and what the customer said of it."""
    record = DecisionRecord(
        conversation_id="c",
        message_id=number,
        question=question,
        kind="answer",
        answer_ref=ref,
        confidence=0.9,
        threshold=0.5,
        sentiment="neutral",
        mood=0.0,
        wants_person=0.0,
        reasons=[],
        model="v1",
    )
    session.add(record)
    session.flush()
    message = Message(conversation_id="c", author="bot", text="So.", decision_id=record.id)
    session.add(message)
    session.flush()
    session.add(Feedback(message_id=message.id, conversation_id="c", helpful=helpful))


def test_what_two_sources_hold_is_taken_once() -> None:
    changed = replace(WIFI, body="Press it twice.")
    both = merged(Sources((changed,), (RAIN,)), Sources((WIFI, REFUNDS), (replace(RAIN, answer="No."),)))
    assert both.articles == (changed, REFUNDS)
    assert both.learned == (RAIN,)


def many_needs(count: int = 60) -> Needs:
    learned = [
        QuestionAnswer(f"label:{i}", f"need {i}", "x", (f"wish {i}", f"want {i}", f"hope {i}"))
        for i in range(count)
    ]
    return needs_of(Sources((), tuple(learned)))


def test_nothing_of_a_need_held_out_is_trained_on() -> None:
    needs = many_needs(150)
    parts = split(needs, seed=0)
    held_out = {ref for one in parts.held_out for ref in one.refs}
    assert 20 <= len(held_out) <= 40  # a fifth of 150
    assert held_out.isdisjoint(parts.training.knowledge)
    assert all(held_out.isdisjoint(one.refs) for one in parts.training.asked)
    assert len(parts.held_out) + len(parts.training.asked) == len(needs.asked)


def test_what_is_held_out_depends_on_the_name_and_the_seed_alone() -> None:
    few, more = split(many_needs(150), seed=0), split(many_needs(300), seed=0)
    assert texts(few.held_out) == {text for text in texts(more.held_out) if int(text.split()[1]) < 150}
    assert texts(split(many_needs(150), seed=1).held_out) != texts(few.held_out)
    assert is_held_out("x", seed=0) == (share_of("x", seed=0) < 0.2)


def test_too_few_questions_to_measure_a_gain_on_are_refused() -> None:
    with pytest.raises(DataError, match="20 are needed"):
        split(many_needs(20), seed=0)


def test_a_question_goes_with_its_nearest_right_passage_and_the_nearest_wrong_ones(
    encoder: OnnxEncoder,
) -> None:
    asked = (
        Asked("where do I get the return label", frozenset({"article:refunds"})),
        Asked("spared question", frozenset({"article:wifi"}), spared=True),
    )
    pairs = make_pairs(needs_of(Sources((REFUNDS, WIFI), (), asked)), encoder, rng=np.random.default_rng(0))
    question = pairs.sure[0]
    assert (question.anchor, question.positive) == (asked[0].text, "Refunds\nHow\nPrint the label.")
    assert {one.ref for one in question.negatives} == {"article:wifi"}
    assert all("spared" not in pair.anchor for pair in pairs.sure)
    assert ("Refunds\nHow", "Print the label.") in {(pair.anchor, pair.positive) for pair in pairs.sure}


def test_phrasings_of_one_answer_are_paired_and_those_of_two_never(encoder: OnnxEncoder) -> None:
    pairs = make_pairs(many_needs(5), encoder, rng=np.random.default_rng(0))
    assert all(pair.anchor.split()[1] == pair.positive.split()[1] for pair in pairs.sure)
    assert len(pairs.texts) == 20


def test_questions_the_encoder_has_seen_calibrate_nothing_but_stay_in_the_past() -> None:
    kinds = [("answerable", frozenset({"article:a"}))] * 100 + [("out_of_scope", frozenset())] * 100
    questions = tuple(
        LabelledQuestion(f"q{i}", f"text {i}", kind, None, refs)  # type: ignore[arg-type]
        for i, (kind, refs) in enumerate(kinds)
    )
    data = replace(general_data(), questions=questions)
    seen = frozenset(f"text {i}" for i in range(60))
    kept = unseen(data, seen, seed=0)
    assert [one.id for one in kept.questions if one.refs] == [f"q{i}" for i in range(60, 100)]
    assert 25 <= sum(not one.refs for one in kept.questions) <= 55  # as large a share: 40 of 100
    assert [one.id for one in kept.only_past if one.refs] == [f"q{i}" for i in range(60)]
    assert len(kept.questions) + len(kept.only_past) == 200
