"""What an approved proposal does to the learned answers, and how it is put back; decides nothing itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from knowledge.learning.draft import NearQuestion, near_misses
from model.errors import ConflictError
from model.refs import learned_answer_id, learned_answer_ref
from serving.db.tables import LearnedAnswer, Origin, Phrasing, Proposal, RegressionCase, now
from serving.indexing.changes import record_changes
from serving.learned_answers import repository
from serving.learned_answers.wording import (
    Wording,
    add_phrasings,
    checked_wording,
    fingerprint,
    set_released,
    write_cases,
    write_wording,
)
from serving.text import distinct, folded


def make_known(
    session: Session,
    proposal: Proposal,
    wording: Wording,
    agent_id: str,
    near: Sequence[NearQuestion],
    *,
    release: bool,
    join: str | None = None,
) -> None:
    """Write what the approved proposal teaches, and into its `undo` what putting it back needs.

    `near` are questions near the wording; those of others become cases that must not get this answer. With
    `release` the bot may give the answer though only people handle such matters. With `join` it becomes a
    phrasing of that learned answer.
    """
    drafted = {
        "question": proposal.question,
        "answer": proposal.answer,
        "phrasings": list(proposal.phrasings),
    }
    target = None if proposal.kind == "new" else _living(session, proposal.similar_ref)
    same = _same_question(session, wording, besides=target)
    undo: dict[str, Any]  # JSON of the column
    if same is None and join is not None:
        same = _joined(session, join, wording, proposal)
    if same is not None:
        answer, undo = _extend(session, same, wording, proposal)
    elif (
        proposal.kind == "phrasing"
        and target is not None
        and folded(wording.answer) in (folded(proposal.answer), folded(target.answer))
    ):  # else the person gave it another answer than the reply drafted and the known one
        answer, undo = _extend(session, target, wording, proposal)
    else:
        answer, undo = _create(session, proposal, wording, agent_id, replaced=target)
    undo["released"] = answer.released
    if release:
        set_released(answer, True, agent_id)
    replaced = learned_answer_ref(undo["superseded"] or 0)
    own = {answer.ref, replaced, proposal.similar_ref or ""}
    cases = write_cases(session, answer, near_misses=near_misses(near, exclude_refs=own))
    proposal.question, proposal.answer = wording.question, wording.answer
    proposal.phrasings = list(wording.phrasings)
    proposal.learned_answer_id = answer.id
    undo |= {"drafted": drafted, "cases": [case.id for case in cases]}
    proposal.undo = undo | {"after": _fingerprints(session, [answer.id, undo["superseded"]])}
    record_changes(session, [learned_answer_ref(row_id) for row_id in _ids([answer.id, undo["superseded"]])])


def put_back(session: Session, proposal: Proposal, agent_id: str) -> None:
    """Undo `make_known`; raises `ConflictError` when what it made was changed since."""
    undo = proposal.undo or {}
    touched = _ids([proposal.learned_answer_id, undo.get("superseded")])
    rows = {row_id: repository.get_for_update(session, row_id) for row_id in touched}
    if _fingerprints(session, touched) != undo.get("after"):
        raise ConflictError(
            f"learned answer {proposal.learned_answer_id} was changed after proposal {proposal.id} was "
            "approved; edit or retire it instead of undoing"
        )
    answer = rows.get(proposal.learned_answer_id or 0)
    if answer is not None:
        _take_back(session, answer, undo, agent_id)
    replaced = rows.get(undo.get("superseded") or 0)
    if replaced is not None:
        replaced.status = "approved"
        replaced.superseded_by_id = None
        replaced.updated_at = now()
    drafted = undo["drafted"]
    proposal.question, proposal.answer = drafted["question"], drafted["answer"]
    proposal.phrasings = drafted["phrasings"]
    proposal.learned_answer_id = None
    proposal.undo = None
    record_changes(session, [learned_answer_ref(row_id) for row_id in touched])


def _living(session: Session, ref: str | None) -> LearnedAnswer | None:
    """The learned answer of the ref, or the one that took its place, locked; `None` if neither is in use."""
    next_id = learned_answer_id(ref)
    seen: set[int] = set()
    while next_id is not None and next_id not in seen:
        seen.add(next_id)
        answer = repository.get_for_update(session, next_id)
        if answer is None:
            return None
        if answer.status != "superseded":
            return answer if repository.is_in_use(answer, now()) else None
        next_id = answer.superseded_by_id
    return None


def _same_question(
    session: Session, wording: Wording, *, besides: LearnedAnswer | None
) -> LearnedAnswer | None:
    """A learned answer that already says this, locked; raises `ConflictError` if one says something else."""
    for known in repository.find_by_question(session, wording.question, now()):
        if besides is not None and known.id == besides.id:
            continue
        if folded(known.answer) == folded(wording.answer):
            return repository.get_for_update(session, known.id)
        raise ConflictError(
            f"learned answer {known.id} already answers this question differently; edit that one, or "
            "approve this with another question"
        )
    return None


def _joined(session: Session, join: str, wording: Wording, proposal: Proposal) -> LearnedAnswer:
    """The learned answer to join, locked; raises `ConflictError` where it does not say the same by now."""
    row_id = learned_answer_id(join)
    answer = None if row_id is None else repository.get_for_update(session, row_id)
    if (
        answer is None
        or not repository.is_in_use(answer, now())
        or folded(answer.answer) != folded(wording.answer)
        or answer.human_only != proposal.human_only
    ):
        raise ConflictError(
            f"{join!r} does not give this answer in the same words; approve it without joining"
        )
    return answer


def _extend(
    session: Session, answer: LearnedAnswer, wording: Wording, proposal: Proposal
) -> tuple[LearnedAnswer, dict[str, Any]]:
    added: list[Phrasing] = []
    for text in (wording.question, *wording.phrasings):
        added += add_phrasings(session, answer, [text], origin=_origin(proposal, wording, text))
    return answer, {"made": None, "superseded": None, "phrasings": [row.id for row in added]}


def _create(
    session: Session, proposal: Proposal, wording: Wording, agent_id: str, *, replaced: LearnedAnswer | None
) -> tuple[LearnedAnswer, dict[str, Any]]:
    made = LearnedAnswer(
        source="conversation",
        source_conversation_id=proposal.conversation_id,
        approved_by=agent_id,
        approved_at=now(),
        status="approved",
        human_only=proposal.human_only or (replaced is not None and replaced.human_only),
    )
    if replaced is not None and replaced.released and not proposal.human_only:  # else the box decides
        set_released(made, True, agent_id)
    texts: list[str] = list(wording.phrasings)
    origins: list[tuple[str, Origin]] = [(text, _origin(proposal, wording, text)) for text in texts]
    if replaced is not None:
        origins += [
            (row.text, row.origin if row.origin in ("customer", "pick") else "agent")
            for row in replaced.phrasings
        ]
        texts = distinct([*texts, *(row.text for row in replaced.phrasings)], besides=(wording.question,))
    write_wording(
        session,
        made,
        checked_wording(wording.question, wording.answer, texts),
        origin="agent",
        origins=origins,
    )
    if replaced is not None:
        replaced.status = "superseded"
        replaced.superseded_by_id = made.id
        replaced.updated_at = now()
        session.flush()
    return made, {"made": made.id, "superseded": replaced.id if replaced else None, "phrasings": []}


def _origin(proposal: Proposal, wording: Wording, text: str) -> Origin:
    """Who said it: what was drafted or asked before comes from customers, what was added from the agent."""
    asked = {folded(known) for known in (proposal.question, *proposal.phrasings, *wording.of_customers)}
    return "customer" if folded(text) in asked else "agent"


def _take_back(session: Session, answer: LearnedAnswer, undo: dict[str, Any], agent_id: str) -> None:
    """Retire what the approval made, or remove what it added; a made row stays: decisions name its id."""
    if undo["made"] is not None:
        answer.status = "retired"
    else:
        answer.phrasings = [row for row in answer.phrasings if row.id not in undo["phrasings"]]
        set_released(answer, undo.get("released", answer.released), agent_id)
    answer.updated_at = now()
    for case_id in undo["cases"]:
        case = session.get(RegressionCase, case_id)
        if case is not None:
            session.delete(case)
    session.flush()
    write_cases(session, answer)


def _fingerprints(session: Session, ids: Iterable[int | None]) -> dict[str, str]:
    answers = ((row_id, repository.get(session, row_id)) for row_id in _ids(ids))
    return {str(row_id): fingerprint(row) for row_id, row in answers if row is not None}


def _ids(ids: Iterable[int | None]) -> list[int]:
    return sorted({row_id for row_id in ids if row_id is not None})
