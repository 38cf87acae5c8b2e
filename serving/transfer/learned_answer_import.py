"""Brings the learned answers of one source to what its file says; part of an import, never alone."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from knowledge.documents import QuestionAnswer, Refusal
from model.errors import DataError
from serving.db.tables import LearnedAnswer, now
from serving.learned_answers import repository
from serving.learned_answers.wording import checked_wording, set_released, write_cases, write_wording
from serving.text import folded
from serving.transfer.report import ImportReport

MAX_KEY_CHARS = 255


def import_question_answers(
    session: Session,
    pairs: Sequence[QuestionAnswer],
    source: str,
    report: ImportReport,
    *,
    keep_missing: bool,
) -> None:
    """Upsert the pairs by (source, key), retire those gone from the source, and count it all in `report`.

    With `keep_missing` none is retired: what seems to be gone may be in what could not be read.

    A pair that says what another source's learned answer says is left to that one; one that answers the same
    question differently is refused.
    """
    existing = repository.list_by_source(session, source)
    elsewhere: dict[str, LearnedAnswer] = {}  # what other sources say, by question
    if any(pair.key not in existing for pair in pairs):
        in_use = repository.find_in_use(session, now())
        elsewhere = {folded(answer.question): answer for answer in in_use if answer.source != source}
    already_refused = len(report.refusals)
    wanted: set[str] = set()
    for pair in pairs:
        reason = _refusal_reason(pair, wanted, existing.get(pair.key))
        wanted.add(pair.key)
        if reason is not None:
            report.refusals.append(Refusal(pair.key, reason))
            continue
        _import_pair(session, pair, existing.get(pair.key), source, elsewhere, report)
    # A refused pair may be one of those that seem to be gone, under a new key.
    keep = keep_missing or any(refusal.path not in existing for refusal in report.refusals[already_refused:])
    for key, answer in existing.items():
        if key in wanted or answer.source_hash is None:
            continue
        if keep:
            report.kept.append(answer.ref)
        else:
            _retire(answer, report)


def _refusal_reason(pair: QuestionAnswer, seen: set[str], existing: LearnedAnswer | None) -> str | None:
    if not 0 < len(pair.key) <= MAX_KEY_CHARS:
        return f"key has {len(pair.key)} characters; give it 1 to {MAX_KEY_CHARS}"
    if pair.key in seen:
        return f"key {pair.key!r} appears twice in this source; give each pair its own"
    if existing is not None and existing.source_hash == pair.content_hash:
        return None
    try:
        checked_wording(pair.question, pair.answer, pair.phrasings)
    except DataError as error:
        return str(error)
    if existing is not None and existing.status == "superseded":
        return (
            f"its learned answer {existing.id} was replaced by learned answer {existing.superseded_by_id}, "
            "approved since; edit that one, or remove this pair from the file"
        )
    return None


def _import_pair(
    session: Session,
    pair: QuestionAnswer,
    existing: LearnedAnswer | None,
    source: str,
    elsewhere: dict[str, LearnedAnswer],
    report: ImportReport,
) -> None:
    if existing is not None and existing.source_hash == pair.content_hash:
        report.unchanged.append(existing.ref)
        return
    wording = checked_wording(pair.question, pair.answer, pair.phrasings)
    other = elsewhere.get(folded(wording.question)) if existing is None else None
    if other is not None:
        if folded(other.answer) == folded(wording.answer):
            report.unchanged.append(other.ref)
        else:
            reason = (
                f"learned answer {other.id} (from {other.source!r}) already answers this question "
                "differently; edit that one, or remove this pair"
            )
            report.refusals.append(Refusal(pair.key, reason))
        return
    answer = existing or LearnedAnswer(source=source, source_key=pair.key, status="approved")
    if answer.source_hash is None:
        answer.status = "approved"
    answer.source_hash = pair.content_hash
    answer.valid_until = pair.valid_until
    answer.approved_at = pair.approved_at or answer.approved_at
    answer.human_only = answer.human_only or pair.human_only
    if pair.released:  # what people released here stays so
        set_released(answer, True, None)
    # What customers and agents added since stays.
    here = ("customer", "agent", "pick")
    learned = [phrasing.text for phrasing in answer.phrasings if phrasing.origin in here]
    wording = checked_wording(wording.question, wording.answer, (*wording.phrasings, *learned))
    write_wording(session, answer, wording, origin="import")
    if pair.near_misses:
        write_cases(session, answer, near_misses=pair.near_misses)
    ref = answer.ref
    report.touched.append(ref)
    (report.added if existing is None else report.changed).append(ref)


def _retire(answer: LearnedAnswer, report: ImportReport) -> None:
    if answer.status == "approved":
        answer.status = "retired"
        answer.updated_at = now()
        report.touched.append(answer.ref)
        report.retired.append(answer.ref)
    answer.source_hash = None
