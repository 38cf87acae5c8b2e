"""Approving, rejecting and undoing proposals, also at the same moment."""

import threading
from datetime import timedelta

import pytest

from model.errors import ConflictError, DataError, NotFoundError
from serving.db.tables import Event, LearnedAnswer, Proposal, now
from serving.indexing import stored_knowledge as stored
from serving.learned_answers import proposals, repository, service
from serving.learned_answers.schemas import Approval, proposal_out
from tests.serving.stand import REFUNDS, Stand

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the kind of store."""


@pytest.fixture
def message(stand: Stand) -> int:
    """An agent's reply."""
    return stand.say(("customer", "is rain water ok for my garden"), ("agent", "Yes, if filtered."))


@pytest.fixture
def pending(stand: Stand, message: int) -> int:
    """A new learned answer waiting for a person."""
    return stand.drafted(message)


def decide(stand: Stand, verb: str, proposal_id: int) -> Proposal:
    with stand.database.session() as session:
        if verb in ("rejected", "not_reusable"):
            return proposals.turn_down(session, proposal_id, "ben", verb)
        made: Proposal = getattr(proposals, verb)(session, proposal_id, "ben")
        return made


def proposal_of(stand: Stand, proposal_id: int) -> Proposal:
    with stand.database.reading() as session:
        return proposals.get_proposal(session, proposal_id)


def all_learned(stand: Stand) -> list[LearnedAnswer]:
    with stand.database.reading() as session:
        return repository.list_learned_answers(session, limit=100)


def texts_of(stand: Stand, learned_id: int) -> list[str]:
    return [phrasing.text for phrasing in stand.learned(learned_id).phrasings]


def origins_of(stand: Stand, learned_id: int) -> list[str]:
    return [phrasing.origin for phrasing in stand.learned(learned_id).phrasings]


def cases(stand: Stand) -> list[tuple[int, str, bool]]:
    with stand.database.reading() as session:
        found = repository.regression_cases(session, now())
        return [(case.learned_answer_id, case.text, case.must_answer) for case in found]


def events(stand: Stand) -> list[str]:
    with stand.database.reading() as session:
        return [event.data["status"] for event in session.query(Event).order_by(Event.id)]


def changes(stand: Stand) -> list[str]:
    with stand.database.reading() as session:
        return [ref for _, ref in stored.changes_after(session, 0)]


def test_an_approved_proposal_is_a_learned_answer_with_its_phrasings(stand: Stand, pending: int) -> None:
    learned_id = stand.approve(pending)

    row = stand.learned(learned_id)
    assert (row.question, row.answer) == (
        "Can I water the garden with rain water?",
        "Yes, filtered rain water is fine.",
    )
    assert texts_of(stand, learned_id) == [
        "Can I water the garden with rain water?",
        "is rain water ok for my garden",
    ]
    assert (row.status, row.approved_by, row.source_conversation_id) == ("approved", "ana", "conversation")
    decided = proposal_of(stand, pending)
    assert (decided.status, decided.decided_by, decided.learned_answer_id) == ("approved", "ana", learned_id)
    assert decided.decided_at is not None
    assert changes(stand) == [f"learned_answer:{learned_id}"]
    assert events(stand) == ["approved"]


@on_sqlite
def test_the_words_of_the_person_count_and_the_customers_are_kept(stand: Stand, pending: int) -> None:
    learned_id = stand.approve(
        pending,
        question="Is rain water safe?",
        answer="**Yes**, filtered.",
        phrasings=["RAIN  water?", "rain water?", "is rain water SAFE?", ""],
    )

    assert stand.learned(learned_id).answer == "**Yes**, filtered."
    assert texts_of(stand, learned_id) == [
        "Is rain water safe?",
        "Can I water the garden with rain water?",
        "RAIN  water?",
    ]


def test_every_phrasing_becomes_a_case_and_near_misses_must_not_be_answered(
    stand: Stand, pending: int
) -> None:
    other = stand.learn("Can I water the garden with tap water?", "Yes.")
    stand.follow()

    learned_id = stand.approve(pending)

    own = [(text, must) for row_id, text, must in cases(stand) if row_id == learned_id]
    assert own == [
        ("Can I water the garden with rain water?", True),
        ("is rain water ok for my garden", True),
        ("Can I water the garden with tap water?", False),
    ]
    assert [row_id for row_id, _, _ in cases(stand)].count(other) == 1


def test_a_question_as_near_as_the_same_one_becomes_no_case_that_must_not_be_answered(
    stand: Stand, pending: int
) -> None:
    stand.learn("Can I water my garden with rain water?", "Only from a clean barrel.")
    stand.follow()

    learned_id = stand.approve(pending)

    assert [must for row_id, _, must in cases(stand) if row_id == learned_id] == [True, True]


def test_approving_twice_changes_nothing(stand: Stand, pending: int) -> None:
    first = stand.approve(pending, question="Is rain water safe?", phrasings=["Rain?"])
    second = stand.approve(pending, agent="ben", question="Is rain water safe?", phrasings=["Rain?"])
    third = stand.approve(pending, agent="ben")

    assert first == second == third
    assert len(all_learned(stand)) == 1
    assert proposal_of(stand, pending).decided_by == "ana"
    assert events(stand) == ["approved"]


def test_approving_again_with_other_words_is_refused(stand: Stand, pending: int) -> None:
    stand.approve(pending)

    with pytest.raises(ConflictError, match="approved with other words; edit learned answer"):
        stand.approve(pending, answer="No.")


@pytest.mark.parametrize("first", ["rejected", "not_reusable"])
def test_a_decided_proposal_cannot_be_decided_otherwise(stand: Stand, pending: int, first: str) -> None:
    assert decide(stand, first, pending).status == first
    assert decide(stand, first, pending).status == first
    assert proposal_of(stand, pending).decided_by == "ben"

    with pytest.raises(ConflictError, match="undo that first"):
        stand.approve(pending)
    with pytest.raises(ConflictError, match="undo that first"):
        decide(stand, "not_reusable" if first == "rejected" else "rejected", pending)

    assert all_learned(stand) == []
    assert changes(stand) == []


@on_sqlite
def test_a_rejection_after_an_approval_is_refused(stand: Stand, pending: int) -> None:
    stand.approve(pending)

    with pytest.raises(ConflictError, match="already approved; undo that first"):
        decide(stand, "rejected", pending)


@on_sqlite
def test_an_undone_rejection_is_pending_again(stand: Stand, pending: int) -> None:
    decide(stand, "rejected", pending)

    undone = decide(stand, "undo", pending)

    assert (undone.status, undone.decided_by, undone.decided_at) == ("pending", None, None)
    assert stand.approve(pending) == 1


def test_an_undone_approval_is_no_longer_found_and_can_be_decided_anew(stand: Stand, pending: int) -> None:
    learned_id = stand.approve(pending, question="Is rain water safe?")
    assert stand.best("rain water") == f"learned_answer:{learned_id}"

    undone = decide(stand, "undo", pending)

    assert (undone.status, undone.learned_answer_id) == ("undone", None)
    assert undone.question == "Can I water the garden with rain water?"
    assert stand.best("rain water") is None
    assert stand.learned(learned_id).status == "retired"
    assert cases(stand) == []
    assert decide(stand, "undo", pending).status == "undone"
    again = stand.approve(pending)
    assert again != learned_id
    assert stand.best("rain water") == f"learned_answer:{again}"


def test_a_missed_question_becomes_a_phrasing_of_the_known_answer(stand: Stand, message: int) -> None:
    known = stand.learn("Can I use rain water?", "Yes, filtered.")
    proposal = stand.drafted(
        message,
        kind="phrasing",
        question="is water from the roof ok",
        phrasings=["CAN I USE RAIN WATER?"],
        similar_ref=f"learned_answer:{known}",
    )

    assert stand.approve(proposal) == known

    assert texts_of(stand, known) == ["Can I use rain water?", "is water from the roof ok"]
    assert stand.learned(known).answer == "Yes, filtered."
    assert stand.best("water from my roof") == f"learned_answer:{known}"
    assert (known, "is water from the roof ok", True) in cases(stand)

    decide(stand, "undo", proposal)

    assert texts_of(stand, known) == ["Can I use rain water?"]
    assert cases(stand) == [(known, "Can I use rain water?", True)]
    assert stand.learned(known).status == "approved"


def test_a_missed_article_becomes_a_learned_answer_in_the_agents_words(stand: Stand, message: int) -> None:
    stand.load(REFUNDS)
    proposal = stand.drafted(
        message,
        kind="phrasing",
        question="can I bring it back",
        answer="Yes, within 45 days.",
        phrasings=[],
        similar_ref="article:billing/refunds",
    )

    learned_id = stand.approve(proposal)

    row = stand.learned(learned_id)
    assert (row.question, row.answer) == ("can I bring it back", "Yes, within 45 days.")
    assert stand.best("can i bring it back?") == f"learned_answer:{learned_id}"


def test_a_phrasing_whose_answer_the_person_rewrote_replaces_the_known_one(
    stand: Stand, message: int
) -> None:
    known = stand.learn("Can I use rain water?", "Yes, filtered.")
    proposal = stand.drafted(message, kind="phrasing", phrasings=[], similar_ref=f"learned_answer:{known}")

    made = stand.approve(proposal, answer="Yes, but boil it.")

    assert made != known
    assert stand.learned(known).superseded_by_id == made


def test_a_correction_takes_the_place_of_the_old_answer_and_keeps_it(stand: Stand, message: int) -> None:
    old = stand.learn("Can I use rain water?", "Yes.", "is rain ok")
    proposal = stand.drafted(
        message,
        kind="correction",
        question="can i use rain water?",
        answer="No, it is too acid.",
        phrasings=[],
        similar_ref=f"learned_answer:{old}",
    )

    made = stand.approve(proposal)

    assert (stand.learned(old).status, stand.learned(old).superseded_by_id) == ("superseded", made)
    assert stand.learned(old).answer == "Yes."
    assert texts_of(stand, made) == ["can i use rain water?", "is rain ok"]
    assert origins_of(stand, made)[1] == "agent"  # the old wording is still the editor's
    assert stand.best("is rain ok") == f"learned_answer:{made}"
    assert f"learned_answer:{old}" not in stand.index.refs()
    assert {row_id for row_id, _, _ in cases(stand)} == {made}

    decide(stand, "undo", proposal)

    assert (stand.learned(old).status, stand.learned(old).superseded_by_id) == ("approved", None)
    assert stand.learned(made).status == "retired"
    assert stand.best("is rain ok") == f"learned_answer:{old}"
    assert {row_id for row_id, _, _ in cases(stand)} == {old}


def test_a_correction_of_what_was_replaced_meanwhile_corrects_the_newer_one(
    stand: Stand, message: int
) -> None:
    old = stand.learn("Can I use rain water?", "Yes.")
    ref = f"learned_answer:{old}"
    first = stand.drafted(message, kind="correction", answer="No.", similar_ref=ref)
    made = stand.approve(first)
    later = stand.say(("customer", "rain water again?"), ("agent", "Only filtered."))
    second = stand.drafted(later, kind="correction", answer="Only filtered.", similar_ref=ref)

    newest = stand.approve(second)

    assert stand.learned(made).superseded_by_id == newest
    assert [row.id for row in all_learned(stand) if row.status == "approved"] == [newest]
    with pytest.raises(ConflictError, match="was changed after proposal"):
        decide(stand, "undo", first)


@pytest.mark.parametrize("gone", ["expired", "retired"])
def test_a_correction_of_an_answer_no_longer_given_is_a_new_answer(
    stand: Stand, message: int, gone: str
) -> None:
    """It takes no place and inherits no wording: nobody is given the old one any more."""
    old = stand.learn("Can I use rain water?", "Yes.", "is rain ok")
    with stand.database.session() as session:
        if gone == "expired":
            service.set_valid_until(session, old, now() - timedelta(days=1))
        else:
            service.retire(session, old)
    status = stand.learned(old).status
    proposal = stand.drafted(
        message,
        kind="correction",
        question="can i use rain water?",
        answer="No, it is too acid.",
        phrasings=[],
        similar_ref=f"learned_answer:{old}",
    )

    made = stand.approve(proposal)

    assert made != old
    assert texts_of(stand, made) == ["can i use rain water?"]
    assert (stand.learned(old).status, stand.learned(old).superseded_by_id) == (status, None)
    assert {row_id for row_id, _, _ in cases(stand)} == {made}

    decide(stand, "undo", proposal)

    assert stand.learned(made).status == "retired"
    assert stand.learned(old).status == status
    stand.follow()
    assert stand.index.refs() == frozenset()


def test_two_replies_with_one_meaning_make_one_learned_answer(stand: Stand, pending: int) -> None:
    learned_id = stand.approve(pending)
    later = stand.say(("customer", "rain water?"), ("agent", "Yes, filtered rain water is fine."))
    twin = stand.drafted(later, phrasings=["water from the roof?"])

    assert stand.approve(twin) == learned_id
    assert "water from the roof?" in texts_of(stand, learned_id)


def test_one_question_cannot_get_two_answers_unnoticed(stand: Stand, pending: int) -> None:
    stand.approve(pending)
    later = stand.say(("customer", "rain water?"), ("agent", "No."))
    twin = stand.drafted(later, answer="No.")

    with pytest.raises(ConflictError, match="already answers this question differently"):
        stand.approve(twin)

    assert proposal_of(stand, twin).status == "pending"


@on_sqlite
@pytest.mark.parametrize("written", ["before", "after"])
def test_a_correction_cannot_take_the_question_of_yet_another_answer(
    stand: Stand, message: int, written: str
) -> None:
    def learn_the_other() -> None:
        stand.learn("Is tap water ok?", "Yes, always.")

    if written == "before":
        learn_the_other()
    known = stand.learn("Can I use rain water?", "Yes.")
    if written == "after":
        learn_the_other()
    correction = stand.drafted(
        message, kind="correction", answer="No.", phrasings=[], similar_ref=f"learned_answer:{known}"
    )

    with pytest.raises(ConflictError, match="already answers this question differently"):
        stand.approve(correction, question="is tap water OK?")

    assert stand.learned(known).status == "approved"


def test_undo_is_refused_once_the_learned_answer_was_edited(stand: Stand, pending: int) -> None:
    learned_id = stand.approve(pending)
    with stand.database.session() as session:
        service.edit(session, learned_id, answer="Yes, of course.")

    with pytest.raises(ConflictError, match=f"learned answer {learned_id} was changed after proposal"):
        decide(stand, "undo", pending)

    assert proposal_of(stand, pending).status == "approved"
    assert stand.learned(learned_id).status == "approved"


@on_sqlite
def test_there_is_nothing_to_undo_before_a_decision(stand: Stand, pending: int) -> None:
    with pytest.raises(ConflictError, match="nothing to undo"):
        decide(stand, "undo", pending)
    with pytest.raises(NotFoundError, match="no proposal 999"):
        decide(stand, "undo", 999)


@on_sqlite
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"question": "  "}, "question is empty"),
        ({"answer": "\x00"}, "answer is empty"),
        ({"question": "x" * 1001}, "question has 1,001 characters"),
        ({"answer": "x" * 20_001}, "answer has 20,001 characters"),
        ({"phrasings": ["x" * 1001]}, "a phrasing has 1,001 characters"),
        ({"phrasings": [str(number) for number in range(201)]}, "at most 200"),
    ],
)
def test_unfit_words_are_refused_and_nothing_is_decided(
    stand: Stand, pending: int, words: dict[str, object], reason: str
) -> None:
    with stand.database.session() as session, pytest.raises(DataError, match=reason):
        proposals.approve(session, pending, "ana", Approval(**words))

    assert proposal_of(stand, pending).status == "pending"
    assert all_learned(stand) == []


def test_a_refusal_that_is_caught_leaves_nothing_in_the_transaction(stand: Stand, pending: int) -> None:
    stand.learn("Can I water the garden with rain water?", "No.")

    with stand.database.session() as session:
        with pytest.raises(ConflictError):
            proposals.approve(session, pending, "ana")
        session.commit()

    assert proposal_of(stand, pending).status == "pending"
    assert len(all_learned(stand)) == 1
    assert events(stand) == []


@pytest.mark.parametrize("other", ["approve", "rejected"])
def test_of_two_people_who_decide_at_once_one_decides(stand: Stand, pending: int, other: str) -> None:
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def work(name: str) -> None:
        start.wait()
        try:
            outcomes.append(decide(stand, name, pending).status)
        except ConflictError:
            outcomes.append("refused")

    names = ("approve", other, "approve", other)
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    status = proposal_of(stand, pending).status
    assert len(all_learned(stand)) == (1 if status == "approved" else 0)
    assert outcomes.count(status) == (4 if other == "approve" else 2)
    assert len(events(stand)) == 1


def test_an_editor_changes_retires_and_restores_a_learned_answer(stand: Stand) -> None:
    learned_id = stand.learn("Can I use rain water?", "Yes.", "is rain ok")
    with stand.database.session() as session:
        service.edit(session, learned_id, question="Is rain water fine?", agent_id="ben")
    assert texts_of(stand, learned_id) == ["Can I use rain water?", "is rain ok", "Is rain water fine?"]
    assert stand.learned(learned_id).approved_by == "ben"
    before = changes(stand)
    with stand.database.session() as session:
        service.edit(session, learned_id, question="Is rain water fine?")
    assert changes(stand) == before

    with stand.database.session() as session:
        service.edit(session, learned_id, phrasings=["rain?"])
    assert stand.learned(learned_id).approved_by == "ben"  # a program's edit takes nobody's name away
    edited_at = stand.learned(learned_id).updated_at
    with stand.database.session() as session:
        service.retire(session, learned_id)
    assert stand.learned(learned_id).updated_at > edited_at
    assert texts_of(stand, learned_id) == ["Is rain water fine?", "rain?"]
    assert stand.best("rain?") is None

    with stand.database.session() as session:
        service.restore(session, learned_id)
    assert stand.best("rain?") == f"learned_answer:{learned_id}"


@on_sqlite
def test_a_replaced_learned_answer_cannot_be_edited(stand: Stand, message: int) -> None:
    old = stand.learn("Can I use rain water?", "Yes.")
    stand.approve(stand.drafted(message, kind="correction", similar_ref=f"learned_answer:{old}"))

    with stand.database.session() as session:
        for change in (service.edit, service.retire, service.restore):
            with pytest.raises(ConflictError, match="was replaced by learned answer"):
                change(session, old)


def released(stand: Stand, learned_id: int) -> tuple[bool, set[bool]]:
    """Whether the row is, and its passages in the index."""
    stand.follow()
    passages = stand.index.passages_of(f"learned_answer:{learned_id}")
    return stand.learned(learned_id).released, {passage.released for passage in passages}


def releases(stand: Stand, learned_id: int) -> list[tuple[bool, str | None]]:
    """What became of the release, oldest first, and who did it."""
    with stand.database.reading() as session:
        return [(row.released, row.agent_id) for row in service.get(session, learned_id).releases]


def test_approving_on_a_matter_for_people_releases_the_answer_only_when_told_and_undoing_retires_it(
    stand: Stand, message: int
) -> None:
    pending = stand.drafted(message, human_only=True)
    assert released(stand, stand.approve(pending)) == (False, {False})
    decide(stand, "undo", pending)

    learned_id = stand.approve(pending, release=True)
    assert releases(stand, learned_id) == [(True, "ana")]
    assert released(stand, learned_id) == (True, {True})

    decide(stand, "undo", pending)
    assert stand.index.passages_of(f"learned_answer:{learned_id}")  # until it is followed
    assert released(stand, learned_id) == (True, set())


def test_approving_anything_else_releases_nothing(stand: Stand, pending: int) -> None:
    assert released(stand, stand.approve(pending)) == (False, {False})


@on_sqlite
def test_a_known_answer_is_released_with_a_new_phrasing_and_withdrawn_with_its_undo(
    stand: Stand, message: int
) -> None:
    known = stand.learn("May I use rain water?", "Yes, filtered rain water is fine.")
    pending = stand.drafted(message, kind="phrasing", similar_ref=f"learned_answer:{known}", human_only=True)
    assert stand.approve(pending, release=True) == known
    assert released(stand, known) == (True, {True})
    decide(stand, "undo", pending)
    assert released(stand, known) == (False, {False})
    assert releases(stand, known) == [(True, "ana"), (False, "ben")]


@on_sqlite
@pytest.mark.parametrize(
    ("human_only", "release", "expected"),
    [(True, False, False), (True, True, True), (False, False, True)],  # the box is shown for people's matters
)
def test_a_correction_of_a_released_answer_is_released_unless_the_box_was_left_off(
    stand: Stand, message: int, human_only: bool, release: bool, expected: bool
) -> None:
    with stand.database.session() as session:
        old = service.create(session, question="May I use rain water?", answer="No.", released=True).id
    fields = {"kind": "correction", "similar_ref": f"learned_answer:{old}", "human_only": human_only}
    pending = stand.drafted(message, **fields)
    assert released(stand, stand.approve(pending, release=release)) == (expected, {expected})


def test_an_editor_releases_an_answer_and_withdraws_it(stand: Stand) -> None:
    known = stand.learn("May I use rain water?", "Yes.")
    for wanted in (True, False):
        with stand.database.session() as session:
            service.edit(session, known, released=wanted)
        assert released(stand, known) == (wanted, {wanted})


def offered(stand: Stand, proposal_id: int) -> str | None:
    """The question of the learned answer in the same words that the proposal may join."""
    with stand.database.reading() as session:
        shown = proposal_out(session, proposals.get_proposal(session, proposal_id))
        return shown.same_answer.question if shown.same_answer else None


def test_the_same_reply_to_another_question_may_join_the_answer_it_made_first(
    stand: Stand, pending: int
) -> None:
    reply = stand.say(("customer", "and melted snow?"), ("agent", "Yes."), conversation="second")
    second = stand.drafted(
        reply,
        conversation="second",
        question="May I use melted snow?",
        answer="yes,  filtered rain water\nis fine.",
        phrasings=[],
    )
    assert offered(stand, second) is None
    first = stand.approve(pending)
    assert offered(stand, second) == "Can I water the garden with rain water?"

    joined = stand.approve(second, join=f"learned_answer:{first}")

    assert joined == first
    assert texts_of(stand, first)[2:] == ["May I use melted snow?"]
    assert stand.best("May I use melted snow?") == f"learned_answer:{first}"
    assert offered(stand, second) is None
    decide(stand, "undo", second)
    assert len(texts_of(stand, first)) == 2
    assert offered(stand, second) == "Can I water the garden with rain water?"
    assert stand.approve(second) != first  # kept apart


@on_sqlite
def test_only_the_same_words_of_the_same_scope_are_joined(stand: Stand, pending: int) -> None:
    same = {"question": "May I use melted snow?", "phrasings": []}
    for_people = stand.drafted(stand.say(("agent", "Yes.")), human_only=True, **same)
    other = stand.drafted(stand.say(("agent", "No.")), answer="No, filtered snow is not fine.", **same)
    first = stand.approve(pending)
    assert (offered(stand, for_people), offered(stand, other)) == (None, None)
    for proposal_id in (for_people, other):
        with pytest.raises(ConflictError, match="does not give this answer in the same words"):
            stand.approve(proposal_id, join=f"learned_answer:{first}")
    with pytest.raises(ConflictError, match="does not give this answer in the same words"):
        stand.approve(other, join="article:rain")
    with stand.database.session() as session:
        service.retire(session, first)
    with pytest.raises(ConflictError, match="does not give this answer in the same words"):
        stand.approve(other, join=f"learned_answer:{first}", answer="Yes, filtered rain water is fine.")
    assert proposal_of(stand, other).status == "pending"
