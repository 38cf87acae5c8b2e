"""Gives the questions of the store the labels that a file says; reads no file."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from sqlalchemy.orm import Session

from model.errors import DataError, FirstlastError, NotFoundError
from serving.company.accounts import agent_of_email
from serving.company.repository import list_names
from serving.conversations.repository import find_question
from serving.labelling.pool import MOST_QUESTIONS
from serving.labelling.repository import first_questions
from serving.labelling.service import MOST_AT_ONCE, label_questions
from serving.text import folded
from training.datasets.examples import OUT_OF_SCOPE
from training.datasets.label_files import FileLabel, LabelFile


@dataclass(slots=True)
class GivenLabels:
    """What became of a file's labels."""

    labelled: int = 0
    """Questions that got a label."""
    problems: list[tuple[int, str]] = field(default_factory=list)
    """Rows that gave none, and why, in their order."""


def give_labels(session: Session, file: LabelFile, *, who: str) -> GivenLabels:
    """Label the questions that the rows name by decision, or else by the very text of a first question.

    The labels are those of the annotators that are agents by their e-mail, else of the agent with the e-mail
    `who`. A row whose question or intent is unknown costs that row only. Raises `NotFoundError` for an
    unknown `who`.
    """
    giver = _Giver(session, agent_of_email(session, who).id)
    given = GivenLabels(problems=list(file.problems))
    for row, label in file.labels:
        try:
            given.labelled += giver.give(label)
        except FirstlastError as error:
            given.problems.append((row, str(error)))
    given.problems.sort()
    return given


class _Giver:
    """The lookups that all rows share."""

    def __init__(self, session: Session, agent_id: str) -> None:
        self._session = session
        self._agent_id = agent_id
        self._intents = list_names(session, "intent")
        self._by_text: Mapping[str, list[int]] | None = None

    def give(self, label: FileLabel) -> int:
        """Label what the row names; how many questions that are."""
        intent = None if label.label == OUT_OF_SCOPE else label.label
        if intent is not None and intent not in self._intents:
            near = get_close_matches(intent, [*self._intents, OUT_OF_SCOPE], n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add it with: firstlast company apply FILE"
            raise DataError(f"there is no intent {intent!r}; {hint}")
        decision_ids = self._decisions(label)
        label_questions(self._session, decision_ids, intent, self._agent_of(label))
        return len(decision_ids)

    def _decisions(self, label: FileLabel) -> list[int]:
        if label.decision_id is None:
            return self._said(label.text)
        decision = find_question(self._session, label.decision_id)
        if decision is None:
            raise NotFoundError(
                f"the store has no question with decision_id {label.decision_id}; labels go back to the home "
                "that `data next` was asked of"
            )
        if label.conversation_id not in (None, decision.conversation_id):
            raise NotFoundError(
                f"decision {label.decision_id} is not of conversation {label.conversation_id!r}; "
                "keep the ids as `data next` wrote them"
            )
        return [decision.id]

    def _said(self, text: str) -> list[int]:
        """The latest first questions in these words."""
        if self._by_text is None:
            self._by_text = defaultdict(list)
            for decision_id, question in first_questions(self._session, after=0, limit=MOST_QUESTIONS):
                self._by_text[folded(question)].append(decision_id)
        found = self._by_text.get(folded(text), [])
        if not found:
            raise NotFoundError(
                "no customer asked this in these words, and the row has no decision_id; to train on texts of "
                "your own put them into a company folder: firstlast train heads --data FOLDER"
            )
        return found[-MOST_AT_ONCE:]

    def _agent_of(self, label: FileLabel) -> str:
        try:
            return agent_of_email(self._session, label.who).id if label.who else self._agent_id
        except NotFoundError:
            return self._agent_id
