"""The form of details over HTTP: customers read and send it, agents read it."""

from fastapi import APIRouter

from serving.conversations.endpoints import visible
from serving.dependencies import DbSession
from serving.details import service
from serving.details.schemas import DetailsBody, DetailsOut
from serving.problems import problems
from serving.security.limited import limited
from serving.security.principals import CurrentCustomer, CurrentPerson

router = APIRouter(prefix="/v1", tags=["conversations"], responses=problems(401, 403))


@router.get("/conversations/{conversation_id}/details", responses=problems(404))
def get_details(conversation_id: str, person: CurrentPerson, session: DbSession) -> DetailsOut:
    """What the customer is asked before a person answers, and what they wrote."""
    return service.details_of(visible(session, person, conversation_id))


@router.put(
    "/conversations/{conversation_id}/details",
    responses=problems(404, 409, 429),
    dependencies=[limited("messages")],
)
def put_details(
    conversation_id: str, body: DetailsBody, customer: CurrentCustomer, session: DbSession
) -> DetailsOut:
    """Send the form, or skip it; 422 names each field that will not do, 409 says that nothing is asked."""
    conversation = visible(session, customer, conversation_id, lock=True)
    return service.keep_details(session, conversation, body.values, skip=body.skip)
