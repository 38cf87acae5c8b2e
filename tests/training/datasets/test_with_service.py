"""A company's own data with what service adds: weights, what is left out, and what that changed."""

from dataclasses import replace

from eval.data.labelled import LabelledQuestion, LabelledText, MoodConversation
from model.types import IntentInfo, Turn
from training.datasets.service_rows import ServedQuestion, ServiceRow, ServiceRows, TakenRows
from training.datasets.training_data import TrainingData, general_data
from training.datasets.with_service import INTENT_KNOWN, KNOWN, SAID_AGAIN, with_service
from training.heads.model_set import labelled_texts

INFOS = {"refund": IntentInfo("billing", False), "lost": IntentInfo("post", False)}


def company() -> TrainingData:
    """Two intents of two teams, and little else."""
    return replace(
        general_data(),
        intents=(
            LabelledText("my money back", "refund"),
            LabelledText("refund please", "refund"),
            LabelledText("my parcel is lost", "lost"),
            LabelledText("nothing has come", "lost"),
        ),
        intent_infos=INFOS,
        sentiment=(LabelledText("great", "positive"),),
        wants_person=(LabelledText("a human please", "person"),),
        smalltalk=(LabelledText("hello", "greeting"),),
        out_of_scope=(LabelledText("who won", "sports"),),
        moods=(),
    )


def row(teaches: str, source: str, text: str, label: str) -> ServiceRow:
    return ServiceRow(teaches, source, text, label)  # type: ignore[arg-type]


def test_rows_are_added_with_their_weight_and_counted_by_source_and_label() -> None:
    question = LabelledQuestion("q", "give it back", "answerable", None, frozenset({"article:refunds"}))
    mood = MoodConversation("c", (Turn("customer", "late again"),), "bad_rating", 0)
    rows = ServiceRows(
        texts=(
            row("intents", "agent", "pay it back to me", "refund"),
            row("out_of_scope", "agent", "do you like jazz", "out_of_scope"),
            row("teams", "answering_team", "about the invoice", "billing"),
            row("wants_person", "pressed", "something is up", "person"),
            row("sentiment", "rating", "nobody cares", "negative"),
        ),
        moods=(mood,),
        questions=(ServedQuestion("picked", question),),
        left_out={"others": 3},
    )
    base = company()
    data = with_service(base, rows, INFOS)
    assert data.intents == (*base.intents, LabelledText("pay it back to me", "refund", 1.0))
    assert data.out_of_scope == (*base.out_of_scope, LabelledText("do you like jazz", "out_of_scope", 1.0))
    assert data.teams == (LabelledText("about the invoice", "billing", 0.5),)
    assert data.wants_person == (*base.wants_person, LabelledText("something is up", "person", 0.5))
    assert data.sentiment == (*base.sentiment, LabelledText("nobody cares", "negative", 0.5))
    assert (data.moods, data.served) == ((mood,), rows.questions)
    assert data.from_service is not None
    assert data.from_service.taken == (
        TakenRows("intents", "agent", 1, 1.0),
        TakenRows("out_of_scope", "agent", 1, 1.0),
        TakenRows("teams", "answering_team", 1, 0.5),
        TakenRows("wants_person", "pressed", 1, 0.5),
        TakenRows("sentiment", "rating", 1, 0.5),
        TakenRows("moods", "rating", 1, 1.0),
        TakenRows("confidence", "picked", 1, 0.5),
    )
    assert data.from_service.left_out == {"others": 3}
    assert data.from_service.labels == {
        "intents": {"refund": (2, 3)},
        "out_of_scope": {"out_of_scope": (1, 2)},
        "teams": {"billing": (2, 4)},
        "wants_person": {"person": (1, 2)},
        "sentiment": {"negative": (0, 1)},
        "moods": {"bad_rating": (0, 1)},
    }
    assert data.from_service.rows_of("intents", "out_of_scope") == 2


def test_the_companys_own_rows_go_first_and_of_two_labels_the_later_counts() -> None:
    rows = ServiceRows(
        texts=(
            row("intents", "agent", "My money back!", "lost"),
            row("out_of_scope", "agent", "WHO WON", "out_of_scope"),
            row("intents", "agent", "where is it", "refund"),
            row("out_of_scope", "agent", "Where is it?", "out_of_scope"),
            row("wants_person", "pressed", "Hello", "person"),
            row("wants_person", "pressed", "who won?", "person"),
        )
    )
    base = company()
    data = with_service(base, rows, INFOS)
    assert (data.intents, data.wants_person) == (base.intents, base.wants_person)
    assert data.out_of_scope == (*base.out_of_scope, LabelledText("Where is it?", "out_of_scope"))
    assert data.from_service is not None
    assert data.from_service.left_out == {KNOWN: 4, SAID_AGAIN: 1}


def test_the_team_that_answered_is_not_taken_where_the_intent_is_known() -> None:
    rows = ServiceRows(
        texts=(
            row("intents", "agent", "pay it back to me", "refund"),
            row("teams", "answering_team", "pay it back to me", "post"),
            row("teams", "answering_team", "nothing has come", "billing"),
            row("teams", "answering_team", "a question of its own", "post"),
        )
    )
    data = with_service(company(), rows, INFOS)
    assert data.teams == (LabelledText("a question of its own", "post", 0.5),)
    assert data.from_service is not None
    assert data.from_service.left_out == {INTENT_KNOWN: 2}


def test_the_head_for_teams_learns_from_intents_and_from_who_answered_with_the_weight_of_each() -> None:
    rows = ServiceRows(
        texts=(
            row("teams", "answering_team", "about the invoice", "billing"),
            row("teams", "answering_team", "a press enquiry", "press"),  # of a team without an intent
        )
    )
    teams = labelled_texts(with_service(company(), rows, INFOS))["team"]
    assert [(one.text, one.label, one.weight) for one in teams] == [
        ("my money back", "billing", 1.0),
        ("refund please", "billing", 1.0),
        ("my parcel is lost", "post", 1.0),
        ("nothing has come", "post", 1.0),
        ("about the invoice", "billing", 0.5),
    ]


def test_nothing_from_service_changes_nothing_and_says_so() -> None:
    base = company()
    data = with_service(base, ServiceRows(), INFOS)
    assert data.from_service is not None
    assert (data.from_service.taken, data.from_service.left_out, data.from_service.labels) == ((), {}, {})
    assert data.sha256 == base.sha256


def test_the_digest_changes_with_a_weight_and_with_what_is_said_of_an_answer() -> None:
    base = company()
    believed_less = replace(base, sentiment=(LabelledText("great", "positive", 0.5),))
    question = LabelledQuestion("q", "give it back", "answerable", None, frozenset({"article:refunds"}))
    served = replace(base, served=(ServedQuestion("picked", question),))
    refused = replace(base, served=(ServedQuestion("picked", question, frozenset({"article:lost"})),))
    of_a_team = replace(base, teams=(LabelledText("about the invoice", "billing"),))
    digests = {one.sha256 for one in (base, believed_less, served, refused, of_a_team)}
    assert len(digests) == 5
