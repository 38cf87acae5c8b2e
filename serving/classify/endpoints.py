"""Classifying texts over HTTP, for agents and keys with the scope `classify`."""

import structlog
from fastapi import APIRouter, Depends

from serving.classify import service
from serving.classify.schemas import ClassifyBody, ClassifyOut
from serving.company.service import stored_infos
from serving.dependencies import CurrentRuntime, OneOfFewBatches
from serving.problems import problems
from serving.security.limited import limited
from serving.security.principals import permitted
from serving.text import checked_length

router = APIRouter(prefix="/v1", tags=["classify"], responses=problems(401, 403))
_log = structlog.get_logger(__name__)


@router.post(
    "/classify", responses=problems(429), dependencies=[Depends(permitted("classify")), limited("classify")]
)
def classify(body: ClassifyBody, runtime: CurrentRuntime, _slot: OneOfFewBatches) -> ClassifyOut:
    """Intents, team, sentiment, wish for a person and language of 1 to 256 texts; nothing is stored.

    A text has 1 to `max_message_chars` characters. Each is read as the bot reads a first message.
    """
    texts = [
        checked_length(f"texts.{place}", text, max_chars=runtime.settings.max_message_chars)
        for place, text in enumerate(body.texts)
    ]
    with runtime.database.reading() as session:
        intents = stored_infos(session)
    found = service.classify(
        runtime.resolver, texts, intents=intents, top_k=body.top_k, conversation=body.conversation
    )
    _log.info("classified", texts=len(texts), model=found.model, milliseconds=found.milliseconds)
    return found
