"""What is learned when a customer picks one of the answers offered; it decides nothing else."""

from sqlalchemy.orm import Session

from serving.conversations import repository
from serving.db.tables import DecisionRecord
from serving.learned_answers.picking import learn_pick

_FIRST = 1


def learn_from_pick(session: Session, record: DecisionRecord, *, chosen_ref: str | None, asked: int) -> bool:
    """Make the question that was asked back about a phrasing of the learned answer picked; whether it was.

    `record` is the decision that gave the answer; `asked` counts the customer's messages before the pick. A
    question that came after another may lean on it, and alone would say something else: it is not learned.
    """
    kind, _, name = (chosen_ref or "").partition(":")
    if kind != "learned_answer" or not name.isdecimal() or record.answer_ref != chosen_ref or asked > _FIRST:
        return False
    before = repository.decisions_newest_first(session, record.conversation_id, before=record.id, limit=1)
    if not before or before[0].kind != "clarify":
        return False
    return learn_pick(session, int(name), before[0].question)
