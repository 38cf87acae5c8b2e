"""The list of what to label next as people see it, and the labels they give; it never commits."""

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from knowledge.privacy.scrubbing import scrub
from model.errors import DataError, NotFoundError
from serving.classify.schemas import IntentProbability
from serving.company.repository import list_names
from serving.conversations.repository import find_question
from serving.conversations.service import get_conversation, label_intent
from serving.labelling import repository
from serving.labelling.pool import QuestionGroup, QuestionPool
from serving.labelling.repository import AskedQuestion
from serving.labelling.schemas import GroupOut, LabellingOut, QuestionOut

MOST_AT_ONCE = 200
"""Questions that one label is given to."""


def next_to_label(session: Session, pool: QuestionPool, *, n: int) -> LabellingOut:
    """The `n` groups of questions to label next, as far as the pool has read them, without personal data."""
    found = pool.next_groups(repository.labelled_decisions(session, since=pool.oldest), n=n)
    wanted = [id for group in found.groups for id in (*group.decision_ids, *group.same)]
    asked = repository.asked_questions(session, wanted)
    shown = partial(
        _group_out,
        asked=asked,
        agents=repository.agent_names(session),
        intents=frozenset(list_names(session, "intent")),
    )
    reading = pool.reading
    return LabellingOut(
        groups=[group for group in map(shown, found.groups) if group is not None],
        unlabelled=found.unlabelled,
        labelled=found.labelled,
        complete=reading.done,
        read=reading.read,
        of=reading.of,
    )


def label_questions(session: Session, decision_ids: Sequence[int], intent: str | None, agent_id: str) -> None:
    """Give the questions that these decisions are on one intent; `None` for what no intent is about.

    Raises `NotFoundError` when one of them is on no customer's question, `DataError` for an intent that the
    business does not have, or too many questions at once.
    """
    if not 1 <= len(decision_ids) <= MOST_AT_ONCE:
        raise DataError(f"{len(decision_ids)} questions are named; name 1 to {MOST_AT_ONCE}")
    for decision_id in sorted(set(decision_ids)):
        decision = find_question(session, decision_id)
        if decision is None:
            raise NotFoundError(f"decision {decision_id} is on no customer's question")
        conversation = get_conversation(session, decision.conversation_id, lock=True)
        label_intent(session, conversation, intent, agent_id, decision_id=decision_id)


def _group_out(
    group: QuestionGroup,
    *,
    asked: Mapping[int, AskedQuestion],
    agents: Sequence[str],
    intents: frozenset[str],
) -> GroupOut | None:
    """The group as shown; `None` when its question is gone from the store."""
    first, *again = group.decision_ids
    if first not in asked:
        return None
    others = [asked[id] for id in (*again, *group.same) if id in asked]
    return GroupOut(
        **_fields(asked[first], agents),
        alike=group.alike,
        expected_gain=round(group.gain, 2),
        new_topic=group.new_topic,
        intents=[
            IntentProbability(name=name, probability=round(probability, 4))
            for name, probability in group.guesses.items()
            if name in intents
        ],
        same=[QuestionOut(**_fields(other, agents)) for other in others],
    )


def _fields(question: AskedQuestion, agents: Sequence[str]) -> dict[str, int | str]:
    names = (*((question.contact_name,) if question.contact_name else ()), *agents)
    ids = (question.external_id,) if question.external_id else ()
    return {
        "decision_id": question.decision_id,
        "conversation_id": question.conversation_id,
        "text": scrub(question.text, names=names, customer_ids=ids).text,
    }
