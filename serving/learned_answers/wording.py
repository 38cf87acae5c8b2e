"""The words of a learned answer: checked, free of personal data, written to its rows; decides nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from knowledge.index.chunking import split_sentences
from knowledge.privacy.detection import NOBODY, Known, find_personal_data
from knowledge.text import capitalised
from model.errors import DataError
from model.interfaces import Reader, Retriever
from serving.db.tables import LearnedAnswer, Origin, Phrasing, RegressionCase, Release, now
from serving.learned_answers import repository
from serving.text import distinct, folded, required

MAX_QUESTION_CHARS = 1_000
MAX_ANSWER_CHARS = 20_000
MAX_PHRASINGS = 200


class LearningTools(Protocol):
    """An encoder with the index that it made, such as a running process has."""

    @property
    def encoder(self) -> Reader:
        """Turns texts into vectors."""
        ...

    @property
    def index(self) -> Retriever:
        """What is known."""
        ...


@dataclass(frozen=True, slots=True)
class Wording:
    """Checked words: nothing empty, too long or said twice."""

    question: str
    answer: str
    phrasings: tuple[str, ...]
    """Other ways to ask, without `question`."""
    of_customers: tuple[str, ...] = field(default=(), compare=False)
    """Those of them that earlier customers wrote."""


def checked_wording(question: str, answer: str, phrasings: Iterable[str]) -> Wording:
    """The words, trimmed and without repeats (case and space ignored); raises `DataError` for unfit ones."""
    asked = required("question", question, max_chars=MAX_QUESTION_CHARS)
    others = distinct(phrasings, besides=(asked,))
    if len(others) > MAX_PHRASINGS:
        raise DataError(
            f"there are {len(others)} phrasings, at most {MAX_PHRASINGS} are allowed; remove some"
        )
    return Wording(
        question=asked,
        answer=required("answer", answer, max_chars=MAX_ANSWER_CHARS),
        phrasings=tuple(required("a phrasing", text, max_chars=MAX_QUESTION_CHARS) for text in others),
    )


def write_wording(
    session: Session,
    answer: LearnedAnswer,
    wording: Wording,
    *,
    origin: Origin,
    origins: Sequence[tuple[str, Origin]] = (),
) -> None:
    """Give the row these words and make its regression cases follow; it then has an id.

    A phrasing that stays keeps its row and origin; a new one gets the origin listed for its text in
    `origins`, else `origin`.
    """
    is_new = answer.id is None
    answer.question = wording.question
    answer.answer = wording.answer
    answer.updated_at = now()
    listed = {folded(text): given for text, given in origins}
    present = {folded(phrasing.text): phrasing for phrasing in answer.phrasings}
    rows = [_question_row(present, wording)]
    rows += [_kept(present, text, listed.get(folded(text), origin)) for text in wording.phrasings]
    answer.phrasings = rows
    session.add(answer)
    session.flush()
    if is_new:  # no case can be there yet; imports write thousands
        _add_cases(session, answer, [row.text for row in rows if row.origin != "pick"], must_answer=True)
    else:
        write_cases(session, answer)


def add_phrasings(
    session: Session, answer: LearnedAnswer, texts: Iterable[str], *, origin: Origin
) -> list[Phrasing]:
    """Add those of the texts that the learned answer does not have yet, with their regression cases.

    What only a customer's pick had added is approved, once somebody does.
    """
    known = [answer.question, *(phrasing.text for phrasing in answer.phrasings)]
    texts = list(texts)
    wanted = set(map(folded, texts))
    for phrasing in answer.phrasings:
        if phrasing.origin == "pick" and folded(phrasing.text) in wanted:
            phrasing.origin = origin
    added = [Phrasing(text=text, origin=origin) for text in distinct(texts, besides=known)]
    if len(answer.phrasings) + len(added) > MAX_PHRASINGS + 1:
        raise DataError(
            f"learned answer {answer.id} would have more than {MAX_PHRASINGS} phrasings; remove some first"
        )
    answer.phrasings.extend(added)
    answer.updated_at = now()
    session.flush()
    write_cases(session, answer)
    return added


def set_released(answer: LearnedAnswer, released: bool, agent_id: str | None) -> None:
    """Release the answer or withdraw it, and note who did, an import being `None`; again changes nothing."""
    if bool(answer.released) != released:
        answer.released = released
        answer.releases.append(Release(released=released, agent_id=agent_id))


def write_cases(
    session: Session, answer: LearnedAnswer, *, near_misses: Iterable[str] = ()
) -> list[RegressionCase]:
    """One case that must be answered for each approved phrasing, and one that must not for each near miss.

    Cases of texts that are phrasings no more are removed; near misses that became phrasings too. Returns
    the near misses added.
    """
    wanted = {folded(row.text): row.text for row in answer.phrasings if row.origin != "pick"}
    missing = dict(wanted)
    kept: list[str] = []
    for case in repository.cases_of(session, answer.id):
        key = folded(case.text)
        if case.must_answer != (key in wanted):
            session.delete(case)
            continue
        kept.append(case.text)
        missing.pop(key, None)
    _add_cases(session, answer, missing.values(), must_answer=True)
    misses = distinct(near_misses, besides=[*kept, *wanted])
    added = _add_cases(session, answer, misses, must_answer=False)
    session.flush()
    return added


def fingerprint(answer: LearnedAnswer) -> str:
    """Changes whenever anything that a person decides about the learned answer changes."""
    until = answer.valid_until.isoformat() if answer.valid_until else ""
    return ":".join((repository.content_hash(answer), answer.status, str(answer.superseded_by_id), until))


def _question_row(present: dict[str, Phrasing], wording: Wording) -> Phrasing:
    """The question's phrasing; a question that was reworded keeps its row, and with it the first place."""
    kept_as_they_are = {folded(text) for text in (wording.question, *wording.phrasings)}
    if folded(wording.question) not in present:
        for key, row in present.items():
            if row.origin == "question" and key not in kept_as_they_are:
                row.text = wording.question
                return row
    return _kept(present, wording.question, "question")


def _kept(present: dict[str, Phrasing], text: str, origin: Origin) -> Phrasing:
    row = present.pop(folded(text), None) or Phrasing(origin=origin)
    row.text = text
    return row


def _add_cases(
    session: Session, answer: LearnedAnswer, texts: Iterable[str], *, must_answer: bool
) -> list[RegressionCase]:
    cases = [
        RegressionCase(learned_answer_id=answer.id, text=text, must_answer=must_answer) for text in texts
    ]
    session.add_all(cases)
    return cases


def without_personal_data(question: str, known: Known = NOBODY) -> str:
    """The question without the sentences that hold personal data, or what may be some; may be empty.

    For words that nobody reads before they are used. When every sentence holds some, only the clauses
    around it are left out.
    """
    if not find_personal_data(question, known):
        return question
    kept = [part for part in split_sentences(question) if not find_personal_data(part, known)]
    if not kept:
        kept = [part for part in re.split(r"[,;:]\s+", question) if not find_personal_data(part, known)]
    text = " ".join(part.strip() for part in kept)
    return capitalised(text)
