"""The sample company's month of service: customers and agents over the product's own services, by chance.

Its other calibration questions come in as conversations: the bot decides, customers pick, say whether it
helped or press the button for a person, agents answer, say what a question was about, and approve what is
learned. Only who says what is simulated.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion, LabelledText, read_labelled_questions
from knowledge import DEMO_FOLDER
from knowledge.documents import ImportResult
from knowledge.importing.source import read_source
from model.errors import ConflictError, DataError
from model.generation import NONE
from model.interfaces import Reader
from model.refs import article_slug, learned_answer_ref
from model.resolver import Resolver
from serving.bot.turn import read_turn, resolve_turn, store_decision
from serving.company.file import read_company
from serving.company.service import apply_company
from serving.conversations import repository, service
from serving.conversations.schemas import NewCsat, NewMessage
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, Message, Proposal, new_id
from serving.indexing.sync import KnowledgeSync
from serving.learned_answers.proposals import approve
from serving.settings import Settings
from serving.transfer.article_import import import_source
from training.datasets.training_data import TrainingData, company_data

_NEVER = 1_000_000_000
"""Changes after which a snapshot of the index is renewed: a scratch store needs none."""
_TRIES = 3
"""How often a customer goes on after an answer or choices before they give up."""
_RETRY = "retry"
_NO_TEAM = "desk"
"""The agent who is in no team, and answers what is no team's matter."""
_LONGEST_REPLY = 400
_COMMENTS = {
    1: "nobody helped me",
    2: "this took far too long",
    4: "good, thank you",
    5: "quick and friendly",
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How often people do what, as shares; chosen, not measured: no published data hold all of it."""

    says_whether_it_helped: float = 0.4
    is_wrong_about_it: float = 0.05
    picks: float = 0.9
    presses: float = 1.0
    """Of those who find no right answer; the others leave without a word."""
    labels_intent: float = 0.8
    mislabels: float = 0.05
    answers_for_another_team: float = 0.1
    approves: float = 0.7
    rates: float = 0.2


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the company has on its first day, and what it is asked later."""

    data: TrainingData
    asked: tuple[LabelledQuestion, ...]
    """In the order in which they come in."""
    test: tuple[LabelledQuestion, ...]


def beginning(
    *,
    texts_an_intent: int,
    calibration: int,
    conversations: int,
    general_share: float,
    rng: np.random.Generator,
) -> Beginning:
    """The sample company with few labelled texts; of the general texts this share, so that a fit is short."""
    data = company_data(DEMO_FOLDER)
    order = rng.permutation(len(data.questions))
    questions = [data.questions[place] for place in order]
    every = max(1, round(1 / general_share))
    seldom = every**2
    """Of texts for what is not measured here: sentiment, moods, follow-ups."""
    small = replace(
        data,
        intents=_few(data.intents, texts_an_intent, rng),
        questions=tuple(questions[:calibration]),
        learned_answers=(),
        sentiment=data.sentiment[::seldom],
        wants_person=data.wants_person[::every],
        smalltalk=(
            *(row for row in data.smalltalk if row.label != NONE),
            *[row for row in data.smalltalk if row.label == NONE][::every],
        ),
        moods=data.moods if every == 1 else (),
        mood_texts=data.mood_texts[::seldom],
        dialogues=data.dialogues if every == 1 else (),
        follow_ups=data.follow_ups[::every],
        taught=data.taught[::seldom],
    )
    test = read_labelled_questions(DEMO_FOLDER / "test" / "questions.jsonl")
    return Beginning(small, tuple(questions[calibration:][:conversations]), tuple(test))


def _few(rows: Sequence[LabelledText], n: int, rng: np.random.Generator) -> tuple[LabelledText, ...]:
    """So many rows of each label, drawn at random."""
    seen: Counter[str] = Counter()
    few = []
    for place in rng.permutation(len(rows)):
        row = rows[place]
        seen[row.label] += 1
        if seen[row.label] <= n:
            few.append(row)
    return tuple(few)


class Month:
    """The company's store, its customers and its agents; learned answers are live when a call returns."""

    def __init__(self, folder: Path, encoder: Reader, *, habits: Habits, rng: np.random.Generator) -> None:
        self.settings = Settings(
            home=folder,
            database_url=f"sqlite:///{folder / 'firstlast.db'}",
            secret_key="x" * 32,
            burst_milliseconds=0,
        )
        self.database = Database(self.settings.database_url)
        self.database.migrate()
        company = read_company(DEMO_FOLDER)
        self.teams = [team.name for team in company.teams]
        self.infos = company.intent_infos()
        with self.database.session() as session:
            apply_company(session, company)
            articles = read_source(DEMO_FOLDER / "articles", flat_slugs=True)
            import_source(session, ImportResult(articles.articles, (), ()), source="articles")
            session.flush()
            session.add_all(
                Agent(
                    id=name,
                    email=f"{name}@tuckleaf.example",
                    name=name,
                    password_hash="",
                    role="agent",
                    team=team,
                )
                for name, team in [*((team, team) for team in self.teams), ("desk", None)]
            )
        self._words = {article.slug: article for article in articles.articles}
        self._sync = KnowledgeSync(self.database, encoder, save_after=_NEVER)
        self.index = self._sync.load_or_rebuild(folder / "index")
        self.learned: dict[str, str] = {}
        """The learned answer that says what an article says, by the article's ref."""
        self._habits, self._rng = habits, rng

    def close(self) -> None:
        """Give the store back."""
        self._sync.stop()
        self.database.close()

    def right_refs(self, row: LabelledQuestion) -> frozenset[str]:
        """Everything that answers the question today: its articles, and what was learned of them."""
        return row.refs | {self.learned[ref] for ref in row.refs if ref in self.learned}

    def talk(self, row: LabelledQuestion, bot: Resolver) -> None:
        """One customer's conversation, until they have an answer, give up, or a person has answered."""
        with self.database.session() as session:
            contact = Contact(name="")
            session.add(contact)
            session.flush()
            talk_id = service.start_conversation(session, contact.id, new_id()).row.id
        self._say(talk_id, row.text, bot)
        for _ in range(_TRIES):
            after = self._goes_on(talk_id, row)
            if after is None:
                break
            if after == _RETRY:
                self._answer(talk_id, bot)
            else:
                self._say(talk_id, "this one", bot, choice=after)
        with self.database.session() as session:
            conversation = service.get_conversation(session, talk_id)
            if conversation.is_with_people:
                self._agent(session, conversation, row)
            self._rating(session, conversation)
        self._sync.follow_once()

    def _chance(self, share: float) -> bool:
        return share >= 1 or bool(self._rng.random() < share)

    def _say(self, talk_id: str, text: str, bot: Resolver, *, choice: str | None = None) -> None:
        with self.database.session() as session:
            body = NewMessage(client_id=new_id(), text=text, choice=choice)
            service.post_customer_message(
                session, self.settings, service.get_conversation(session, talk_id), body
            )
        self._answer(talk_id, bot)

    def _answer(self, talk_id: str, bot: Resolver) -> None:
        """The bot's turn, if it is due."""
        with self.database.session() as session:
            turn = read_turn(session, talk_id, self.settings)
            if turn is not None:
                store_decision(session, turn, resolve_turn(turn, bot.resolve))

    def _goes_on(self, talk_id: str, row: LabelledQuestion) -> str | None:
        """What follows the bot's last message: `_RETRY`, the ref picked, or nothing."""
        with self.database.session() as session:
            conversation = service.get_conversation(session, talk_id)
            if conversation.is_with_people:
                return None
            (decision,) = repository.decisions_newest_first(session, talk_id, limit=1)
            message = repository.bot_messages_of(session, [decision.id])[decision.id]
            if decision.kind == "answer":
                return self._feedback(
                    session, conversation, message, decision.answer_ref in self.right_refs(row)
                )
            offered = [choice["ref"] for choice in message.payload.get("choices") or ()]
            right = [ref for ref in offered if ref in self.right_refs(row)]
            if right and self._chance(self._habits.picks):
                return right[0]
            is_chat = decision.kind == row.kind == "smalltalk"
            if not is_chat and self._chance(self._habits.presses):
                service.ask_for_person(session, conversation)
            return None

    def _feedback(
        self, session: Session, conversation: Conversation, message: Message, helped: bool
    ) -> str | None:
        if not self._chance(self._habits.says_whether_it_helped):
            return None
        said = helped != self._chance(self._habits.is_wrong_about_it)
        service.give_feedback(session, conversation, message.id, said)
        return None if said else _RETRY

    def _agent(self, session: Session, conversation: Conversation, row: LabelledQuestion) -> None:
        """An agent answers, says what it was about, and approves what others may be told too."""
        body = NewMessage(client_id=new_id(), text=self._reply(row))
        name = self._who(row)
        reply = service.post_agent_message(session, self.settings, conversation, name, body).row
        session.flush()
        asked = repository.last_question(session, conversation.id)
        if asked is not None and row.kind != "smalltalk" and self._chance(self._habits.labels_intent):
            service.label_intent(session, conversation, self._said_intent(row), name)
        if row.refs and self._chance(self._habits.approves):
            self._learn(session, conversation, reply, row, name)
        service.close(session, conversation)

    def _who(self, row: LabelledQuestion) -> str:
        if row.intent is None:
            return _NO_TEAM
        if self._chance(self._habits.answers_for_another_team):
            return str(self._rng.choice(self.teams))
        return self.infos[row.intent].team or _NO_TEAM

    def _said_intent(self, row: LabelledQuestion) -> str | None:
        if self._chance(self._habits.mislabels):
            return str(self._rng.choice(sorted(self.infos)))
        return row.intent

    def _reply(self, row: LabelledQuestion) -> str:
        if not row.refs:
            return "I have looked after it for you."
        article = self._words[article_slug(min(row.refs)) or ""]
        return f"{article.title}: {article.body[:_LONGEST_REPLY]}"

    def _learn(
        self, session: Session, conversation: Conversation, reply: Message, row: LabelledQuestion, agent: str
    ) -> None:
        """The reply, which says what an article says, becomes a learned answer or a phrasing of one."""
        article = min(row.refs)
        known = self.learned.get(article)
        proposal = Proposal(
            kind="phrasing",
            question=row.text,
            answer=reply.text,
            conversation_id=conversation.id,
            message_id=reply.id,
            similar_ref=known or article,
        )
        try:
            with session.begin_nested():
                session.add(proposal)
                session.flush()
                approved = approve(session, proposal.id, agent)
        except (ConflictError, DataError):  # the same question is known, or all the phrasings that are kept
            return
        self.learned.setdefault(article, learned_answer_ref(approved.learned_answer_id or 0))

    def _rating(self, session: Session, conversation: Conversation) -> None:
        if not self._chance(self._habits.rates):
            return
        happy = conversation.resolution in ("confirmed", "human")
        score = int(self._rng.choice((4, 5) if happy else (1, 2)))
        service.rate(session, conversation, NewCsat(score=score, comment=_COMMENTS[score]))
