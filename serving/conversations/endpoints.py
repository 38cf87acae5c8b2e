"""Conversations over HTTP, for customers and agents; each sees what is theirs to see."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import PlainTextResponse

from serving.conversations import repository, service, views
from serving.conversations.listing import Listing, Order, View, list_inbox, next_cursor
from serving.conversations.schemas import (
    AgentConversationOut,
    AgentConversationsOut,
    ConversationOut,
    ConversationsOut,
    CsatOut,
    MessageOut,
    MessagesOut,
    NewConversation,
    NewCsat,
    NewFeedback,
    NewIntent,
    NewMessage,
    NewReading,
    ResolutionOut,
)
from serving.conversations.stream import EventStream, event_stream
from serving.db.tables import Conversation, ConversationStatus
from serving.dependencies import CurrentRuntime, DbSession
from serving.paging import Place, next_place
from serving.problems import problems
from serving.security.limited import limited
from serving.security.principals import (
    AgentPrincipal,
    CurrentCustomer,
    CurrentPerson,
    CustomerPrincipal,
    agent_permitted,
)

router = APIRouter(prefix="/v1", tags=["conversations"], responses=problems(401, 403))
InboxAgent = Annotated[AgentPrincipal, Depends(agent_permitted("inbox"))]
LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=20)]
_MAX_EVENT_ID = 2**62
After = Annotated[int, Query(ge=0, le=_MAX_EVENT_ID)]
Limit = Annotated[int, Query(ge=1, le=500)]

AnyConversationOut = AgentConversationOut | ConversationOut


@router.post(
    "/conversations",
    status_code=201,
    responses={200: {"model": ConversationOut, "description": "It was there already"}, **problems(404, 429)},
    dependencies=[limited("conversations")],
)
def start_conversation(
    body: NewConversation, customer: CurrentCustomer, session: DbSession, response: Response
) -> ConversationOut:
    """Start a conversation; 200 with the same one when the `client_id` was used before."""
    made = service.start_conversation(session, customer.contact_id, body.client_id)
    response.status_code = 201 if made.is_new else 200
    return views.conversation_out(session, made.row)


@router.get("/conversations")
def list_conversations(
    person: CurrentPerson,
    session: DbSession,
    status: ConversationStatus | None = None,
    team: Annotated[str | None, Query(max_length=64)] = None,
    unattended: bool | None = None,
    view: View = "all",
    tag: Annotated[str, Query(max_length=40)] = "",
    assignee: Annotated[str, Query(max_length=320)] = "",
    order: Order = "newest",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 100,
) -> AgentConversationsOut | ConversationsOut:
    """A customer's own conversations, newest first; for agents all, or those of a list of the inbox.

    Agents narrow by `view` (a list of the inbox), `status`, `team`, `tag` and `assignee` (`me`, `nobody`, or
    what an agent's id, e-mail or name begins with), and by `unattended`, whether nobody is in the team they
    wait for; `order` is `pressing` (priority, then the longest wait),
    `longest` or `newest`. `next` is what to pass as `after` for the next page; `null` after the last.
    """
    if isinstance(person, CustomerPrincipal):
        place = Place.parse(after) if after else None
        rows = repository.list_of_contact(session, person.contact_id, after=place, limit=limit)
        own = views.conversations_out(session, rows[:limit])
        return ConversationsOut(conversations=own, next=next_place(rows, limit, moment="created_at"))
    listing = Listing(
        view=view,
        viewer_id=person.id,
        viewer_team=person.team,
        status=status or "",
        team=team,
        tag=tag.casefold(),
        assignee=assignee,
        unattended=unattended,
    )
    rows = list_inbox(session, listing, order=order, after=after, limit=limit)
    shown = views.agent_conversations_out(session, rows[:limit])
    return AgentConversationsOut(conversations=shown, next=next_cursor(rows, limit, order))


@router.get("/conversations/{conversation_id}", responses=problems(404))
def get_conversation(conversation_id: str, person: CurrentPerson, session: DbSession) -> AnyConversationOut:
    """One conversation."""
    conversation = visible(session, person, conversation_id)
    if isinstance(person, AgentPrincipal):
        return views.agent_conversation_out(session, conversation)
    return views.conversation_out(session, conversation)


@router.get("/conversations/{conversation_id}/messages", responses=problems(404))
def list_messages(
    conversation_id: str, person: CurrentPerson, session: DbSession, after: After = 0, limit: Limit = 200
) -> MessagesOut:
    """Messages after the one with this id, oldest first; notes for agents only."""
    conversation = visible(session, person, conversation_id)
    notes = isinstance(person, AgentPrincipal)
    messages = repository.messages_after(session, conversation.id, after=after, notes=notes, limit=limit)
    return MessagesOut(messages=views.messages_out(session, messages))


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    responses={200: {"model": MessageOut, "description": "It was there already"}, **problems(404, 409, 429)},
    dependencies=[limited("messages")],
)
def post_message(
    conversation_id: str,
    body: NewMessage,
    person: CurrentPerson,
    runtime: CurrentRuntime,
    session: DbSession,
    response: Response,
) -> MessageOut:
    """Say something; 200 with the same message when the `client_id` was used before."""
    conversation = visible(session, person, conversation_id, lock=True)
    if isinstance(person, CustomerPrincipal):
        made = service.post_customer_message(session, runtime.settings, conversation, body)
    else:
        made = service.post_agent_message(session, runtime.settings, conversation, person.id, body)
    if made.is_new:
        return views.message_out(made.row)
    response.status_code = 200
    return views.messages_out(session, [made.row])[0]


@router.get("/conversations/{conversation_id}/events", response_class=EventStream, responses=problems(404))
def follow_conversation(
    conversation_id: str,
    person: CurrentPerson,
    runtime: CurrentRuntime,
    session: DbSession,
    last_event_id: LastEventId = "",
    after: After = 0,
) -> EventStream:
    """Server-sent events `message`, `status`, `typing`, `feedback` and, for agents, `proposal`.

    Begins after the event named by `Last-Event-ID` or `after`; without either with the first that is kept.
    `reset` comes first when events after that one are kept no longer: read conversation and messages anew.
    """
    conversation = visible(session, person, conversation_id)
    begin = _event_id(last_event_id, after)
    agent = person if isinstance(person, AgentPrincipal) else None
    return event_stream(runtime, conversation.id, after=begin, agent=agent)


@router.post(
    "/conversations/{conversation_id}/feedback",
    responses=problems(404, 409, 429),
    dependencies=[limited("messages")],
)
def give_feedback(
    conversation_id: str, body: NewFeedback, customer: CurrentCustomer, session: DbSession
) -> ResolutionOut:
    """Say whether a bot message helped; "no" makes the bot try another answer or hand over."""
    conversation = visible(session, customer, conversation_id, lock=True)
    service.give_feedback(session, conversation, body.message_id, body.helpful)
    return ResolutionOut(resolution=conversation.resolution)


@router.post(
    "/conversations/{conversation_id}/handoff",
    responses=problems(404, 429),
    dependencies=[limited("messages")],
)
def ask_for_person(conversation_id: str, customer: CurrentCustomer, session: DbSession) -> ConversationOut:
    """Ask for a person."""
    conversation = visible(session, customer, conversation_id, lock=True)
    service.ask_for_person(session, conversation)
    return views.conversation_out(session, conversation)


@router.post(
    "/conversations/{conversation_id}/csat",
    responses=problems(404, 429),
    dependencies=[limited("messages")],
)
def rate_conversation(
    conversation_id: str, body: NewCsat, customer: CurrentCustomer, session: DbSession
) -> CsatOut:
    """Rate the conversation, 1 to 5; the latest rating counts."""
    conversation = visible(session, customer, conversation_id, lock=True)
    rating = service.rate(session, conversation, body)
    return CsatOut(score=rating.score, comment=rating.comment)


@router.put("/conversations/{conversation_id}/intent", responses=problems(404, 409))
def label_intent(
    conversation_id: str, body: NewIntent, agent: InboxAgent, session: DbSession
) -> AgentConversationOut:
    """Say what the customer wanted with their last question, or the one named; models learn from it."""
    conversation = service.get_conversation(session, conversation_id, lock=True)
    service.label_intent(session, conversation, agent_id=agent.id, **body.model_dump())
    return views.agent_conversation_out(session, conversation)


@router.post("/conversations/{conversation_id}/close", responses=problems(404))
def close_conversation(conversation_id: str, person: CurrentPerson, session: DbSession) -> AnyConversationOut:
    """End the matter, as agent or as its customer; the customer's next message goes to the bot again."""
    conversation = visible(session, person, conversation_id, lock=True)
    if isinstance(person, AgentPrincipal):
        service.close(session, conversation)
        return views.agent_conversation_out(session, conversation)
    service.end(session, conversation)
    return views.conversation_out(session, conversation)


@router.post("/conversations/{conversation_id}/read", responses=problems(404))
def mark_conversation_read(
    conversation_id: str, body: NewReading, customer: CurrentCustomer, session: DbSession
) -> ConversationOut:
    """Say which message the customer saw last; going back changes nothing."""
    conversation = visible(session, customer, conversation_id, lock=True)
    service.mark_read(session, conversation, body.message_id)
    return views.conversation_out(session, conversation)


@router.get(
    "/conversations/{conversation_id}/transcript",
    response_class=PlainTextResponse,
    responses=problems(404, 429),
    dependencies=[limited("conversations")],
)
def read_transcript(conversation_id: str, person: CurrentPerson, session: DbSession) -> PlainTextResponse:
    """What was said, as plain text to keep; never the notes between agents."""
    conversation = visible(session, person, conversation_id)
    words = service.transcript(session, conversation)
    headers = {"Content-Disposition": 'attachment; filename="conversation.txt"'}
    return PlainTextResponse(words, headers=headers)


@router.get("/inbox/events", response_class=EventStream)
def follow_inbox(
    agent: InboxAgent,
    runtime: CurrentRuntime,
    last_event_id: LastEventId = "",
    after: Annotated[int | None, Query(ge=0, le=_MAX_EVENT_ID)] = None,
) -> EventStream:
    """Server-sent `conversation` events of all conversations, from now on or after `Last-Event-ID`.

    `reset` comes first when events after that one are kept no longer: read the list anew.
    """
    begin = _event_id(last_event_id, after)
    return event_stream(runtime, None, after=begin, agent=agent)


def _event_id(last_event_id: str, after: int | None) -> int | None:
    """The event that the reader saw last, as the header names it, else `after`."""
    return min(int(last_event_id), _MAX_EVENT_ID) if last_event_id.isdecimal() else after


def visible(
    session: DbSession, person: CurrentPerson, conversation_id: str, *, lock: bool = False
) -> Conversation:
    """The conversation, for agents and for its own customer. Raises `NotFoundError`."""
    contact_id = person.contact_id if isinstance(person, CustomerPrincipal) else None
    return service.get_conversation(session, conversation_id, contact_id=contact_id, lock=lock)
