"""What a customer's pick teaches: words that led to a learned answer become a phrasing of it."""

from sqlalchemy.orm import Session

from knowledge.privacy.detection import Known
from model.errors import DataError
from model.refs import learned_answer_id
from serving.conversations import repository as conversations
from serving.db.tables import DecisionRecord, now
from serving.indexing.changes import record_changes
from serving.learned_answers import repository as learned_answers
from serving.learned_answers.wording import MAX_QUESTION_CHARS, add_phrasings, without_personal_data

_FIRST = 1


def learn_from_pick(session: Session, record: DecisionRecord, *, chosen_ref: str | None, asked: int) -> bool:
    """Make the question that was asked back about a phrasing of the learned answer picked; whether it was.

    `record` is the decision that gave the answer; `asked` counts the customer's messages before the pick. A
    question that came after another may lean on it, and alone would say something else: it is not learned.
    """
    picked = learned_answer_id(chosen_ref)
    if picked is None or record.answer_ref != chosen_ref or asked > _FIRST:
        return False
    before = conversations.decisions_newest_first(session, record.conversation_id, before=record.id, limit=1)
    if not before or before[0].kind != "clarify":
        return False
    conversation = conversations.find_conversation(session, record.conversation_id)
    name = conversation.contact.name if conversation is not None else None
    return learn_pick(session, picked, before[0].question, names=(name,) if name else ())


def learn_pick(session: Session, learned_answer_id: int, asked: str, *, names: tuple[str, ...] = ()) -> bool:
    """Add what the customer asked, before picking this learned answer, as a phrasing; whether it was added.

    Left out are sentences with personal data; `names` are those of the customer. Nothing is added to an
    answer no longer in use, to one with as many phrasings as are kept, or to one on a matter for people,
    whose wordings people alone approve; and no text that is empty, too long or known already.
    """
    answer = learned_answers.get_for_update(session, learned_answer_id)
    text = without_personal_data(asked, Known(names=names)).strip()
    if answer is None or not learned_answers.is_in_use(answer, now()):
        return False
    if answer.released or answer.human_only:
        return False
    if not 0 < len(text) <= MAX_QUESTION_CHARS:
        return False
    try:
        with session.begin_nested():
            added = add_phrasings(session, answer, [text], origin="pick")
    except DataError:  # it has all the phrasings that are kept
        return False
    if added:
        record_changes(session, [answer.ref])
    return bool(added)
