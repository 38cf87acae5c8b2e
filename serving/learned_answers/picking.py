"""What a customer's pick teaches: words that led to a learned answer become a phrasing of it."""

from sqlalchemy.orm import Session

from model.errors import DataError
from serving.db.tables import now
from serving.indexing.changes import learned_answer_ref, record_changes
from serving.learned_answers import repository
from serving.learned_answers.privacy import without_contact_data
from serving.learned_answers.wording import MAX_QUESTION_CHARS, add_phrasings


def learn_pick(session: Session, learned_answer_id: int, asked: str) -> bool:
    """Add what the customer asked, before picking this learned answer, as a phrasing; whether it was added.

    Left out are sentences with an address or a long number. Nothing is added to an answer no longer in use,
    to one with as many phrasings as are kept, or to a released one, whose wordings people alone approve; and
    no text that is empty, too long or known already.
    """
    answer = repository.get_for_update(session, learned_answer_id)
    text = without_contact_data(asked).strip()
    if answer is None or answer.released or not repository.is_in_use(answer, now()):
        return False
    if not 0 < len(text) <= MAX_QUESTION_CHARS:
        return False
    try:
        with session.begin_nested():
            added = add_phrasings(session, answer, [text], origin="customer")
    except DataError:  # it has all the phrasings that are kept
        return False
    if added:
        record_changes(session, [learned_answer_ref(answer.id)])
    return bool(added)
