"""Turns the store into examples: questions, intents, teams, wishes and ratings; scrubs nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eval.data.labelled import MoodConversation
from eval.data.problems import normalised
from model.reasons import Reason
from model.refs import article_ref, article_slug, learned_answer_id, learned_answer_ref
from model.types import Turn as SaidTurn
from model.understanding.message import NO_PERSON, PERSON
from serving.db.tables import Agent, Article, Intent, LearnedAnswer, Phrasing, Proposal
from serving.learned_answers.exchange import read_exchange
from serving.text import folded
from training.datasets.examples import HOW, OUT_OF_SCOPE, Config, Example
from training.datasets.threads import (
    Thread,
    Turn,
    agent_replies,
    answers_by_people,
    pressed_after,
    read_threads,
    turns,
)

INTENT_GONE = "labels_of_an_intent_that_is_gone"
GONE = "refs_without_an_answer_today"
WITHOUT_OUTCOME = "questions_without_a_known_outcome"
_BAD, _MIDDLING = 2, 3
"""The highest ratings, of 1 to 5, of customers who are not satisfied, and who are neither."""


@dataclass(frozen=True, slots=True)
class StoreExamples:
    """What the store gave."""

    examples: tuple[Example, ...]
    agent_names: tuple[str, ...]
    left_out: Mapping[str, int]
    """What gave no example, by why."""
    conversations: int
    moods: tuple[MoodConversation, ...] = ()
    """The rated conversations, with what the rating says of how they ended."""


def read_store(session: Session) -> StoreExamples:
    """Everything that people made known through the product, the oldest conversation first.

    Answers are named by what answers today: a superseded one by its successor; a retired one by nothing.
    """
    reader = _Reader(session)
    threads = read_threads(session)
    examples = [example for thread in threads for example in reader.of_thread(thread)]
    examples += reader.phrasings({thread.conversation.id: thread for thread in threads})
    names = session.scalars(select(Agent.name).order_by(Agent.id))
    return StoreExamples(
        tuple(_merged_questions(examples)),
        tuple(names),
        dict(reader.left_out),
        len(threads),
        tuple(mood for mood in map(rated_mood, threads) if mood is not None),
    )


def rated_mood(thread: Thread) -> MoodConversation | None:
    """How a rated conversation ended: 1 and 2 are a bad rating after the customer's last words, 3 is neutral.

    The choices that they picked are no words of theirs. `None` without a rating, or without such words.
    """
    told = tuple(
        SaidTurn(message.author, message.text)
        for message in thread.messages
        if not message.payload.get("choice")
    )
    by_customer = [place for place, turn in enumerate(told) if turn.author == "customer"]
    if thread.rating is None or not by_customer:
        return None
    score = thread.rating.score
    if score <= _BAD:
        return MoodConversation(thread.conversation.id, told, "bad_rating", by_customer[-1])
    return MoodConversation(
        thread.conversation.id, told, "neutral" if score <= _MIDDLING else "satisfied", None
    )


class _Reader:
    """The lookups that all conversations share."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._intents = set(session.scalars(select(Intent.name)))
        self._articles = {article.slug: article for article in session.scalars(select(Article))}
        answers = select(LearnedAnswer).options(selectinload(LearnedAnswer.phrasings))
        self._answers = {answer.id: answer for answer in session.scalars(answers.order_by(LearnedAnswer.id))}
        approved = select(Proposal).where(Proposal.status == "approved").order_by(Proposal.id)
        self._approved = list(session.scalars(approved))
        self._team_of = {
            agent: team for agent, team in session.execute(select(Agent.id, Agent.team)) if team is not None
        }
        self.left_out: Counter[str] = Counter()

    def of_thread(self, thread: Thread) -> Iterator[Example]:
        """The examples of one conversation."""
        asked = turns(thread)
        for turn, after in zip_longest(asked, asked[1:]):
            yield from self._of_turn(thread, turn, after, is_first=turn is asked[0])
        yield from self._labelled(thread)
        yield from self._wishes(thread)
        yield from self._persons_answers(thread)
        yield from self._ratings(thread)

    def phrasings(self, threads: Mapping[str, Thread]) -> Iterator[Example]:
        """The approved ways to ask for each learned answer in use.

        One that a customer used belongs to their conversation. The others were written by whoever approved
        or imported the answer: they stay together, and with the conversation it was learned from.
        """
        said_in = {
            (proposal.learned_answer_id, folded(text)): proposal.conversation_id
            for proposal in self._approved
            for text in _drafted(proposal)
        }
        for answer in self._answers.values():
            if answer.status != "approved":
                continue
            for phrasing in answer.phrasings:
                thread = threads.get(said_in.get((answer.id, folded(phrasing.text)), ""))
                yield self._phrasing(answer, phrasing, thread)

    def _phrasing(self, answer: LearnedAnswer, phrasing: Phrasing, thread: Thread | None) -> Example:
        fields = {"refs": [learned_answer_ref(answer.id)], "how": "approved_phrasing", "rejected_refs": []}
        if thread is not None:
            return replace(
                _example("questions", thread, phrasing.text, fields, source="approved_phrasing"),
                asked_at=thread.conversation.created_at,
            )
        keys = [f"phrasings:{answer.id}"]
        if answer.source_conversation_id:
            keys.append(f"conversation:{answer.source_conversation_id}")
        return Example("questions", phrasing.text, fields, "approved_phrasing", keys=tuple(keys))

    def _of_turn(
        self, thread: Thread, turn: Turn, after: Turn | None, *, is_first: bool
    ) -> Iterator[Example]:
        def example(config: Config, source: str, **fields: Any) -> Example:  # JSON
            made = _example(config, thread, turn.text, fields, source=source)
            return replace(made, asked_at=turn.asked_at, stands_alone=is_first)

        how = "confirmed" if turn.confirmed else "picked"
        refs = self._living(turn.confirmed or ((turn.picked,) if turn.picked else ()))
        rejected = self._living(turn.rejected)
        refs = [ref for ref in refs if ref not in rejected or how == "confirmed"]
        if refs or rejected:
            how = how if refs else "unresolved"
            gone = [ref for ref in rejected if ref not in refs]
            yield example("questions", how, refs=refs, how=how, rejected_refs=gone)
        elif not turn.handed_over:
            self.left_out[WITHOUT_OUTCOME] += 1
        until = after.last_message_id if after else None
        if turn.confirmed:
            yield example("handoffs", "confirmed", label="resolved_by_bot", reason="")
            yield example("wants_person", "confirmed", label=NO_PERSON)
        elif replies := answers_by_people(thread, turn, until):
            if turn.handed_over is not None:
                yield example("handoffs", "person", label="needed_person", reason=turn.handed_over)
            team = self._team_of.get(replies[-1].agent_id or "")
            tells = turn.is_understood and turn.handed_over != Reason.WANTS_PERSON
            if team is not None and is_first and tells:
                yield example("teams", "answering_team", label=team)

    def _labelled(self, thread: Thread) -> Iterator[Example]:
        """The questions that agents gave an intent; the bot's own reading is none."""
        for decision in thread.decisions:
            if decision.id not in thread.labels:
                continue
            label = thread.labels[decision.id]
            intent = label.intent
            if intent is not None and intent not in self._intents:
                self.left_out[INTENT_GONE] += 1
                continue
            fields = {"label": intent or OUT_OF_SCOPE}
            labelled = _example("intents", thread, decision.question, fields, source="agent")
            yield replace(labelled, asked_at=decision.created_at, known_at=label.created_at)

    def _wishes(self, thread: Thread) -> Iterator[Example]:
        """Words about nothing that anybody could tell, after which the customer pressed the button.

        After an answer, or choices, the button says that these were no help: the words may well be a
        question, unless an agent says that no intent is about them.
        """
        for decision in pressed_after(thread):
            label = thread.labels.get(decision.id)
            about_nothing = (
                Reason.NOT_UNDERSTOOD in decision.reasons if label is None else label.intent is None
            )
            if about_nothing and decision.kind != "smalltalk":
                wish = _example(
                    "wants_person", thread, decision.question, {"label": PERSON}, source="pressed"
                )
                yield replace(wish, asked_at=decision.created_at)

    def _persons_answers(self, thread: Thread) -> Iterator[Example]:
        """What agents answered, with the learned answer when their reply became one."""
        learned = {proposal.message_id: proposal.learned_answer_id for proposal in self._approved}
        for reply in agent_replies(thread):
            exchange = read_exchange(self._session, reply)
            if not exchange.customer_messages:
                continue
            ids = filter(None, (learned.get(sent.id) for sent in exchange.replies))
            fields = {
                "refs": self._living(tuple(learned_answer_ref(answer_id) for answer_id in ids)),
                "how": "person",
                "rejected_refs": [],
            }
            asked = [
                message
                for message in thread.messages
                if message.author == "customer" and message.id < reply.id
            ]
            text = "\n".join(exchange.customer_messages)
            example = _example("questions", thread, text, fields, source="person")
            yield replace(example, asked_at=asked[-1].created_at if asked else reply.created_at)

    def _ratings(self, thread: Thread) -> Iterator[Example]:
        rating = thread.rating
        if rating is None:
            return
        score = rating.score
        label = "negative" if score <= _BAD else "neutral" if score <= _MIDDLING else "positive"
        fields = {"label": label, "score": score}
        own = [
            message.text
            for message in thread.messages
            if message.author == "customer" and not message.payload.get("choice")
        ]
        texts: dict[Config, str] = {"sentiment": rating.comment, "csat": "\n".join(own)}
        for config, text in texts.items():
            if text.strip():
                example = _example(config, thread, text, fields, source="rating")
                yield replace(example, asked_at=rating.created_at)

    def _living(self, refs: tuple[str, ...]) -> list[str]:
        """The refs as they are called today, without repeats; counts those that answer no more."""
        names_today = [self._today(ref) for ref in refs]
        self.left_out += Counter({GONE: names_today.count(None)})  # a count of 0 is left out
        return list(dict.fromkeys(name for name in names_today if name is not None))

    def _today(self, ref: str) -> str | None:
        for _ in range(len(self._answers) + len(self._articles) + 1):  # chains may not be endless
            slug = article_slug(ref)
            if slug is not None:
                article = self._articles.get(slug)
                if article is None or not article.superseded_by:
                    return ref if article and article.status == "published" else None
                ref = article_ref(article.superseded_by)
            else:
                answer = self._answers.get(learned_answer_id(ref) or 0)
                if answer is None or not answer.superseded_by_id:
                    return ref if answer and answer.status == "approved" else None
                ref = learned_answer_ref(answer.superseded_by_id)
        return None


def _merged_questions(examples: list[Example]) -> list[Example]:
    """One row for each text of a conversation: refs joined, what is known surest first."""
    merged: dict[object, Example] = {}
    for place, example in enumerate(examples):
        is_question = example.config == "questions" and example.conversation_id is not None
        key = (example.conversation_id, normalised(example.text)) if is_question else place
        merged[key] = _merged(merged[key], example) if key in merged else example
    return list(merged.values())


def _merged(first: Example, second: Example) -> Example:
    surest = min(first, second, key=lambda example: HOW.index(example.fields["how"]))
    refs = list(dict.fromkeys([*first.fields["refs"], *second.fields["refs"]]))
    rejected = dict.fromkeys([*first.fields["rejected_refs"], *second.fields["rejected_refs"]])
    how = surest.fields["how"]
    fields = {"refs": refs, "how": how, "rejected_refs": [ref for ref in rejected if ref not in refs]}
    return replace(first, fields=fields, source=how, keys=(*first.keys, *second.keys))


def _drafted(proposal: Proposal) -> list[str]:
    """The customer's words that the proposal was drafted from."""
    drafted = (proposal.undo or {}).get("drafted", {})
    question = drafted.get("question", proposal.question)
    return [question, *drafted.get("phrasings", proposal.phrasings)]


def _example(config: Config, thread: Thread, text: str, fields: Mapping[str, Any], *, source: str) -> Example:
    return Example(config, text, fields, source, thread.conversation.id, thread.person)
