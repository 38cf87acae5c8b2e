"""The agents' work with conversations over HTTP: lists, search, owners, snoozing, tags, many at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from model.errors import FirstlastError
from serving.company.accounts import get_agent
from serving.conversations import desk, repository, service, views
from serving.conversations.listing import count_views
from serving.conversations.schemas import (
    AgentConversationOut,
    FoundOut,
    HitOut,
    ManyChangedOut,
    ManyChanges,
    NewAssignment,
    NewPriority,
    NewSnooze,
    NewTags,
    NotChangedOut,
    SnippetPartOut,
    TagOut,
    TagsOut,
    ViewOut,
    ViewsOut,
)
from serving.conversations.search import parse_query, search
from serving.db.tables import Conversation
from serving.dependencies import DbSession
from serving.problems import problems
from serving.security.principals import AgentPrincipal, agent_permitted

router = APIRouter(prefix="/v1", tags=["conversations"], responses=problems(401, 403))
InboxAgent = Annotated[AgentPrincipal, Depends(agent_permitted("inbox"))]


@router.get("/search")
def search_conversations(
    agent: InboxAgent,
    session: DbSession,
    q: Annotated[str, Query(max_length=100_000)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> FoundOut:
    """Conversations by the words of their messages, notes, customers and tags, newest first.

    Each word is the beginning of one; `from:`, `tag:`, `team:`, `status:` and `assignee:` narrow it.
    """
    found = search(session, parse_query(q, viewer_id=agent.id), after=after, limit=limit)
    shown = views.agent_conversations_out(session, [hit.conversation for hit in found.hits])
    hits = [
        HitOut(
            conversation=out,
            message_id=hit.message.id if hit.message else None,
            snippet=[SnippetPartOut.of(part) for part in hit.snippet],
            messages=hit.count,
        )
        for hit, out in zip(found.hits, shown, strict=True)
    ]
    return FoundOut(hits=hits, next=found.next)


@router.get("/inbox/views")
def list_views(agent: InboxAgent, session: DbSession) -> ViewsOut:
    """The lists of the inbox with how many conversations are in each."""
    counts = count_views(session, viewer_id=agent.id, viewer_team=agent.team)
    return ViewsOut(
        views=[ViewOut(view=view, count=count.count, more=count.more) for view, count in counts.items()]
    )


@router.get("/tags")
def list_tags(_agent: InboxAgent, session: DbSession) -> TagsOut:
    """The tags in use, the most used first."""
    used = repository.used_tags(session)
    return TagsOut(tags=[TagOut(tag=tag, conversations=count) for tag, count in used])


@router.post("/conversations/{conversation_id}/assign", responses=problems(404, 409))
def assign_conversation(
    conversation_id: str, agent: InboxAgent, session: DbSession, body: NewAssignment | None = None
) -> AgentConversationOut:
    """Give the conversation to an agent or a team, to the one who asks when none is named."""
    conversation, wanted = _locked(session, conversation_id), body or NewAssignment()
    to_agent = wanted.agent_id or (None if wanted.team else agent.id)
    if to_agent is not None:
        get_agent(session, to_agent)
    if not wanted.anyway:
        desk.refuse_over_owner(session, conversation, agent.id, what="take it")
    desk.act_on(session, conversation, desk.Act(agent_id=to_agent, team=wanted.team))
    return _shown(session, conversation)


@router.delete("/conversations/{conversation_id}/assign", responses=problems(404, 409))
def unassign_conversation(
    conversation_id: str, _agent: InboxAgent, session: DbSession
) -> AgentConversationOut:
    """Put the conversation back into its team's queue."""
    conversation = _locked(session, conversation_id)
    desk.unassign(session, conversation)
    return _shown(session, conversation)


@router.put("/conversations/{conversation_id}/snooze", responses=problems(404, 409))
def snooze_conversation(
    conversation_id: str, body: NewSnooze, _agent: InboxAgent, session: DbSession
) -> AgentConversationOut:
    """Take the conversation out of the lists of work until a time, or until its customer writes."""
    conversation = _locked(session, conversation_id)
    desk.snooze(session, conversation, body.until, body.reason)
    return _shown(session, conversation)


@router.delete("/conversations/{conversation_id}/snooze", responses=problems(404))
def wake_conversation(conversation_id: str, _agent: InboxAgent, session: DbSession) -> AgentConversationOut:
    """Bring a snoozed conversation back now."""
    conversation = _locked(session, conversation_id)
    desk.wake(session, conversation)
    return _shown(session, conversation)


@router.put("/conversations/{conversation_id}/priority", responses=problems(404, 409))
def set_priority(
    conversation_id: str, body: NewPriority, _agent: InboxAgent, session: DbSession
) -> AgentConversationOut:
    """Say how soon people should look at the conversation."""
    conversation = _locked(session, conversation_id)
    desk.set_priority(session, conversation, body.priority)
    return _shown(session, conversation)


@router.patch("/conversations/{conversation_id}/tags", responses=problems(404))
def change_tags(
    conversation_id: str, body: NewTags, _agent: InboxAgent, session: DbSession
) -> AgentConversationOut:
    """Put tags on the conversation and take others off."""
    conversation = _locked(session, conversation_id)
    desk.change_tags(session, conversation, add=body.add, remove=body.remove)
    return _shown(session, conversation)


@router.post("/inbox/changes")
def change_many(body: ManyChanges, _agent: InboxAgent, session: DbSession) -> ManyChangedOut:
    """Do the same to many conversations; those where that cannot be are left as they are, and named."""
    changes = body.model_dump(exclude={"ids", "close"})
    outcome = change_each(session, body.ids, desk.Act(**changes), close=body.close)
    return ManyChangedOut(
        changed=outcome.changed,
        not_changed=[NotChangedOut(id=one, detail=detail) for one, detail in outcome.refused.items()],
    )


def change_each(session: Session, ids: list[str], act: desk.Act, *, close: bool) -> desk.Outcome:
    """Do it to each conversation, all or nothing of it; who could not be changed is named with the reason."""
    outcome = desk.Outcome()
    for conversation_id in sorted(set(ids)):  # in one order: two that overlap must not wait in a ring
        try:
            with session.begin_nested():
                conversation = _locked(session, conversation_id)
                desk.act_on(session, conversation, act)
                if close:
                    service.close(session, conversation)
            outcome.changed.append(conversation_id)
        except FirstlastError as error:
            outcome.refused[conversation_id] = str(error)
    outcome.changed.sort(key=ids.index)
    return outcome


def _locked(session: Session, conversation_id: str) -> Conversation:
    return service.get_conversation(session, conversation_id, lock=True)


def _shown(session: Session, conversation: Conversation) -> AgentConversationOut:
    session.flush()
    session.refresh(conversation)
    return views.agent_conversation_out(session, conversation)
