"""A customer who picks a learned answer adds to the ways it is asked."""

import pytest

from serving.bot.picks import learn_pick
from serving.db.tables import RegressionCase
from serving.indexing.changes import record_changes
from serving.learned_answers import service
from serving.learned_answers.wording import MAX_PHRASINGS, add_phrasings
from tests.serving.stand import Stand


def pick(stand: Stand, learned_answer_id: int, asked: str) -> bool:
    with stand.database.session() as session:
        return learn_pick(session, learned_answer_id, asked)


def must_be_answered(stand: Stand, learned_answer_id: int) -> int:
    with stand.database.reading() as session:
        its = session.query(RegressionCase).filter_by(learned_answer_id=learned_answer_id, must_answer=True)
        return its.count()


def test_what_was_asked_becomes_a_phrasing_that_is_found_and_that_nobody_approved(stand: Stand) -> None:
    schools = stand.learn("Do you sell to schools?", "Yes.")
    stand.follow()
    assert pick(stand, schools, "we teach biology to kids, any deal?")
    stand.follow()
    phrasings = [(row.text, row.origin) for row in stand.learned(schools).phrasings]
    assert phrasings == [
        ("Do you sell to schools?", "question"),
        ("we teach biology to kids, any deal?", "pick"),
    ]
    own, picked = stand.index.passages_of(f"learned_answer:{schools}")
    assert (own.picked, picked.picked) == (False, True)
    assert must_be_answered(stand, schools) == 1


def test_a_picked_phrasing_is_approved_once_a_person_approves_these_words(stand: Stand) -> None:
    schools = stand.learn("Do you sell to schools?", "Yes.")
    assert pick(stand, schools, "we teach biology to kids, any deal?")
    stand.follow()
    with stand.database.session() as session:
        answer = service.get(session, schools)
        add_phrasings(session, answer, ["We teach biology to kids, any deal?"], origin="customer")
        record_changes(session, [answer.ref])
    stand.follow()
    assert [row.origin for row in stand.learned(schools).phrasings] == ["question", "customer"]
    assert not any(one.picked for one in stand.index.passages_of(f"learned_answer:{schools}"))
    assert must_be_answered(stand, schools) == 2


@pytest.mark.parametrize("asked", ["do you SELL to  schools?", "", "   ", "x" * 1001, "ana@mail.example"])
def test_known_words_nothing_and_contact_data_teach_nothing(stand: Stand, asked: str) -> None:
    schools = stand.learn("Do you sell to schools?", "Yes.")
    assert not pick(stand, schools, asked)
    assert len(stand.learned(schools).phrasings) == 1


def test_an_address_is_left_out_of_what_is_learned(stand: Stand) -> None:
    schools = stand.learn("Do you sell to schools?", "Yes.")
    assert pick(stand, schools, "Write to ana@mail.example. Any deal for a school?")
    assert stand.learned(schools).phrasings[1].text == "Any deal for a school?"


def test_a_retired_or_unknown_answer_learns_nothing(stand: Stand) -> None:
    schools = stand.learn("Do you sell to schools?", "Yes.")
    with stand.database.session() as session:
        service.retire(session, schools)
    assert not pick(stand, schools, "any deal for schools")
    assert not pick(stand, schools + 1, "any deal for schools")


def test_an_answer_with_all_the_phrasings_that_are_kept_stays_as_it_is(stand: Stand) -> None:
    full = stand.learn("Do you sell to schools?", "Yes.", *(f"way {i} to ask" for i in range(MAX_PHRASINGS)))
    assert not pick(stand, full, "any deal for schools")
    assert len(stand.learned(full).phrasings) == MAX_PHRASINGS + 1


def test_a_released_answer_takes_no_phrasing_that_no_person_saw(stand: Stand) -> None:
    with stand.database.session() as session:
        schools = service.create(session, question="A garden for a school?", answer="Yes.", released=True).id
    assert not pick(stand, schools, "any deal for schools")
