"""A conversation has exactly one owner after every sequence of what customers, the bot and agents do."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from model.errors import ConflictError
from serving.bot.handoff import Handoff, hand_over
from serving.conversations import desk, service
from serving.conversations.schemas import NewMessage
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, Team, new_id, now
from serving.settings import Settings

AGENTS = st.sampled_from(["ada", "bo"])
TEAMS = st.sampled_from(["billing", "devices"])


class OneOwner(RuleBasedStateMachine):
    """One conversation in one transaction that is never committed."""

    database: Database
    home: Path

    @initialize()
    def start(self) -> None:
        self.settings = Settings(home=self.home, secret_key="s" * 40)
        self.session = self.database._writer()
        self.session.add_all([Team(name=name, title=name.title()) for name in ("billing", "devices")])
        self.session.add(Contact(id="c"))
        for name in ("ada", "bo"):
            self.session.add(Agent(id=name, email=name, name=name, password_hash="", role="agent"))
        self.session.flush()
        self.session.add(Conversation(id="v", contact_id="c", client_id="x"))
        self.session.flush()
        self.row = self.session.get_one(Conversation, "v")

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.rollback()
            self.session.close()

    def try_to(self, deed: object, *arguments: object, **more: object) -> None:
        try:
            deed(self.session, self.row, *arguments, **more)  # type: ignore[operator]
        except ConflictError:
            self.session.refresh(self.row)

    @rule()
    def customer_writes(self) -> None:
        body = NewMessage(client_id=new_id(), text="Hello?")
        service.post_customer_message(self.session, self.settings, self.row, body)
        assert self.row.snoozed_until is None

    @rule(agent=AGENTS, anyway=st.booleans(), kind=st.sampled_from(["message", "note"]))
    def agent_writes(self, agent: str, anyway: bool, kind: str) -> None:
        body = NewMessage(client_id=new_id(), text="Hi", kind=kind, anyway=anyway)
        try:
            service.post_agent_message(self.session, self.settings, self.row, agent, body)
        except desk.OwnedByOtherError:
            assert not anyway
            assert self.row.agent_id not in (None, agent)

    @rule()
    def bot_hands_over(self) -> None:
        if self.row.status == "bot":
            hand_over(self.session, self.row, Handoff(reasons=("below_threshold",), question="?"))

    @rule()
    def customer_asks_for_a_person(self) -> None:
        service.ask_for_person(self.session, self.row)

    @rule(agent=AGENTS)
    def assigned(self, agent: str) -> None:
        self.try_to(desk.assign, agent)

    @rule(team=TEAMS)
    def moved(self, team: str) -> None:
        self.try_to(desk.move_to_team, team)

    @rule()
    def unassigned(self) -> None:
        self.try_to(desk.unassign)

    @rule()
    def snoozed(self) -> None:
        self.try_to(desk.snooze, now() + timedelta(hours=1), "later")

    @rule()
    def woken(self) -> None:
        desk.wake(self.session, self.row)

    @rule()
    def closed(self) -> None:
        service.close(self.session, self.row)

    @invariant()
    def has_one_owner(self) -> None:
        if not hasattr(self, "row"):
            return
        self.session.flush()
        self.session.refresh(self.row)
        owner = desk.owner_of(self.row)
        if self.row.status == "bot":
            assert self.row.agent_id is None, "the bot and an agent both have it"
        if self.row.status == "open":
            assert owner is not None, "a person answers, and nobody has it"
        if self.row.status == "closed":
            assert owner is None, "closed, and somebody still has it"
        if self.row.is_with_people:
            assert self.row.handed_over_at is not None
        if self.row.snoozed_until is not None:
            assert self.row.is_with_people, "snoozed, and in no list of people"
        if self.row.status == "waiting":
            assert self.row.first_response_at is None, "waits for the first answer that was given"


def test_a_conversation_has_exactly_one_owner_after_every_sequence(migrated_file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(migrated_file, Path(folder) / "firstlast.db")
        OneOwner.home = Path(folder)
        OneOwner.database = Database(f"sqlite:///{folder}/firstlast.db")
        try:
            run_state_machine_as_test(
                OneOwner,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=15,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            OneOwner.database.close()
