"""Learned answers as an editor changes them: create, edit, retire, restore, validity; it never commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from serving.company.service import COMMAND_LINE
from serving.db.audit import Act, record_act
from serving.db.tables import LearnedAnswer, LearnedAnswerStatus, now
from serving.indexing.changes import record_changes
from serving.learned_answers import repository
from serving.learned_answers.wording import checked_wording, set_released, write_wording


def get(session: Session, learned_answer_id: int) -> LearnedAnswer:
    """The learned answer in any state; raises `NotFoundError`."""
    return _existing(repository.get(session, learned_answer_id), learned_answer_id)


def create(
    session: Session,
    *,
    question: str,
    answer: str,
    phrasings: Sequence[str] = (),
    agent_id: str | None = None,
    valid_until: datetime | None = None,
    released: bool = False,
    author: str = COMMAND_LINE,
) -> LearnedAnswer:
    """A learned answer written by an editor, found in under a second; raises `DataError` for unfit words."""
    wording = checked_wording(question, answer, phrasings)
    with session.begin_nested():
        made = LearnedAnswer(
            source="console",
            approved_by=agent_id,
            valid_until=_checked_moment(valid_until),
            status="approved",
        )
        set_released(made, released, agent_id)
        write_wording(session, made, wording, origin="agent")
        record_changes(session, [made.ref])
        _note(session, author, "added", made)
    return made


def edit(
    session: Session,
    learned_answer_id: int,
    *,
    question: str | None = None,
    answer: str | None = None,
    phrasings: Sequence[str] | None = None,
    released: bool | None = None,
    agent_id: str | None = None,
    author: str = COMMAND_LINE,
) -> LearnedAnswer:
    """Other words for a learned answer, or whether it is released; `None` keeps what is there.

    `phrasings` replaces all others.

    The question's old words are kept as a phrasing unless `phrasings` says otherwise. Raises
    `ConflictError` for one that another has taken the place of.
    """
    with session.begin_nested():
        row = _locked(session, learned_answer_id)
        others = [phrasing.text for phrasing in row.phrasings] if phrasings is None else phrasings
        wording = checked_wording(
            row.question if question is None else question, row.answer if answer is None else answer, others
        )
        wanted = row.released if released is None else released
        texts = [wording.question, *wording.phrasings]
        if repository.content_hash(row) == repository.wording_hash(
            wording.question,
            wording.answer,
            texts,
            released=wanted,
            picked=repository.picked_phrasings(row),
        ):
            return row
        set_released(row, wanted, agent_id)
        write_wording(session, row, wording, origin="agent")
        row.approved_by = agent_id or row.approved_by
        record_changes(session, [row.ref])
        _note(session, author, "changed", row)
    return row


def retire(session: Session, learned_answer_id: int, *, author: str = COMMAND_LINE) -> LearnedAnswer:
    """The learned answer is kept but no longer given; again changes nothing."""
    return _set_status(session, learned_answer_id, "retired", author)


def restore(session: Session, learned_answer_id: int, *, author: str = COMMAND_LINE) -> LearnedAnswer:
    """A retired learned answer is given again."""
    return _set_status(session, learned_answer_id, "approved", author)


def set_valid_until(
    session: Session, learned_answer_id: int, moment: datetime | None, *, author: str = COMMAND_LINE
) -> LearnedAnswer:
    """The learned answer is given until `moment`, `None` for no end; a later moment brings it back."""
    with session.begin_nested():
        row = _locked(session, learned_answer_id)
        row.valid_until = _checked_moment(moment)
        row.updated_at = now()
        record_changes(session, [row.ref])
        _note(session, author, "changed", row)
    return row


def _set_status(
    session: Session, learned_answer_id: int, status: LearnedAnswerStatus, author: str
) -> LearnedAnswer:
    with session.begin_nested():
        row = _locked(session, learned_answer_id)
        if row.status != status:
            row.status = status
            row.updated_at = now()
            record_changes(session, [row.ref])
            _note(session, author, "restored" if status == "approved" else status, row)
    return row


def _note(session: Session, author: str, what: str, row: LearnedAnswer) -> None:
    record_act(session, Act(author, what, f"learned answer {row.id}"))


def _locked(session: Session, learned_answer_id: int) -> LearnedAnswer:
    row = _existing(repository.get_for_update(session, learned_answer_id), learned_answer_id)
    if row.status == "superseded":
        raise ConflictError(
            f"learned answer {row.id} was replaced by learned answer {row.superseded_by_id}; change that one"
        )
    return row


def _checked_moment(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise DataError(
            f"valid_until {moment.isoformat()!r} has no time zone; write it as 2026-12-31T00:00:00Z"
        )
    return moment


def _existing(answer: LearnedAnswer | None, learned_answer_id: int) -> LearnedAnswer:
    if answer is None:
        raise NotFoundError(
            f"there is no learned answer {learned_answer_id}; list them with GET /v1/learned-answers"
        )
    return answer
