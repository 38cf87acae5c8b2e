"""Finds earlier customers' questions that an answer would now get; a person says which ask the same.

Only ids are kept with a proposal: the words stay where their customers can have them erased.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.index.lexical import tokenise
from knowledge.learning.cleaning import clean_question
from serving.db.tables import Contact, Conversation, DecisionRecord, Proposal
from serving.learned_answers.wording import MAX_QUESTION_CHARS, LearningTools
from serving.text import folded

_LOOKED_BACK = 2_000
"""Decisions, the newest; those count that left the question to people or asked back."""
_COMPARED = 48
"""Of these so many with the most words in common are compared in meaning, which takes a tenth of a second."""
_NEAR = 0.6
"""Cosine from which a question is offered, provided that no other known answer is nearer."""
_MOST = 6
_UNANSWERED = ("handoff", "clarify")


def find_past_questions(
    session: Session, tools: LearningTools, conversation_id: str, asked: Sequence[str]
) -> list[int]:
    """Decisions on questions of other conversations that are nearest to one of `asked`, the nearest first.

    At most six, different in words, each nearer to it than to anything known.
    """
    decision = DecisionRecord
    columns = (decision.id, decision.question, decision.kind, decision.conversation_id)
    rows = session.execute(select(*columns).order_by(decision.id.desc()).limit(_LOOKED_BACK))
    by_words: dict[str, tuple[int, str]] = {}
    for decision_id, question, kind, asked_in in rows:
        unanswered = kind in _UNANSWERED and asked_in != conversation_id
        if unanswered and len(question) <= MAX_QUESTION_CHARS:
            by_words.setdefault(folded(question), (decision_id, question))
    for text in asked:
        by_words.pop(folded(text), None)
    candidates = _most_alike(list(by_words.values()), asked)
    if not candidates:
        return []
    vectors = tools.encoder.encode([*asked, *(text for _, text in candidates)])
    near = (vectors[len(asked) :] @ vectors[: len(asked)].T).max(axis=1).tolist()
    found: list[tuple[float, int]] = []
    for (decision_id, text), vector, cosine in zip(candidates, vectors[len(asked) :], near, strict=True):
        if cosine >= _NEAR:
            known = tools.index.search(text, vector, top_k=3)
            if cosine > max((one.dense_score for one in known), default=0.0):
                found.append((-cosine, decision_id))
    return [decision_id for _, decision_id in sorted(found)[:_MOST]]


def past_texts(session: Session, decision_ids: Collection[int]) -> Mapping[int, str]:
    """What was asked there, without names and numbers of whoever asked; empty texts are left out."""
    if not decision_ids:
        return {}
    rows = session.execute(
        select(DecisionRecord.id, DecisionRecord.question, Contact.name)
        .join(Conversation, Conversation.id == DecisionRecord.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(DecisionRecord.id.in_(decision_ids))
    )
    cleaned = {row.id: clean_question(row.question, customer_name=row.name).text for row in rows}
    return {decision_id: text for decision_id, text in cleaned.items() if text}


def offered_texts(session: Session, proposals: Sequence[Proposal]) -> Mapping[int, Mapping[int, str]]:
    """By proposal that is open, what is offered with it by decision, in its order; in one query for all."""
    open_ones = [proposal for proposal in proposals if proposal.is_open]
    texts = past_texts(session, {one for proposal in open_ones for one in proposal.past_questions})
    return {
        proposal.id: {one: texts[one] for one in proposal.past_questions if one in texts}
        for proposal in open_ones
    }


def _most_alike(questions: Sequence[tuple[int, str]], asked: Sequence[str]) -> list[tuple[int, str]]:
    """Those with the most words in common with what is asked, rare words counting more; newer ones first."""
    wanted = {word for text in asked for word in tokenise(text)}
    words = [set(tokenise(text)) & wanted for _, text in questions]
    common = Counter(word for some in words for word in some)
    scored = [(sum(1 / common[word] for word in some), place) for place, some in enumerate(words) if some]
    best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:_COMPARED]
    return [questions[place] for _, place in best]
