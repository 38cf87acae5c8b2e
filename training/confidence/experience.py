"""A business's own experience as labelled questions, and the confidence fitted on it; writes nothing back.

Every phrasing of an approved learned answer is a question whose answer a person knows. Asked again as if it
had never been learned, it shows what the bot would have done with it: that is what confidence is fitted on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion
from eval.data.words import TaughtAnswer
from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Reader
from model.model_set import ModelSet
from model.resolver import Read, Resolver
from model.types import Question
from serving.db.tables import now
from serving.learned_answers import repository
from training.confidence.fitting import fit_confidence
from training.confidence.probes import WithoutItself, taught_probes

FEWEST = 50
"""Approved phrasings from which a business is calibrated on its own experience."""
FEWEST_FOUND = 20
"""Those of them that must find their answer: a bot cannot be calibrated on new needs alone."""
_FALSE_ALARMS = 0.01
_HIGHEST_WANTS_PERSON = 0.9
"""Reached by 12 of the 13 general calibration questions that do ask for a person."""
_TREES = 40
_FOLDS = 5


def approved_questions(session: Session) -> list[LabelledQuestion]:
    """Every phrasing of the learned answers in use, oldest answer first, with the answer it belongs to."""
    return [
        LabelledQuestion(
            f"phrasing-{phrasing.id}",
            phrasing.text,
            "answerable",
            None,
            frozenset({answer.ref}),
        )
        for answer in repository.find_in_use(session, now())
        for phrasing in answer.phrasings
    ]


def held_out_reads(
    questions: Sequence[LabelledQuestion],
    models: ModelSet,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
) -> list[Read]:
    """What the bot reads and finds when each question is asked with its own words hidden from the search.

    The question that an answer was written for is so asked before there was an answer: nothing right can
    be found, which shows how often a need is new.
    """
    resolver = Resolver(encoder, models, WithoutItself(index), head_encoders=head_encoders)
    return [resolver.read(Question(question.text)) for question in questions]


def experienced(
    models: ModelSet, questions: Sequence[LabelledQuestion], reads: Sequence[Read], *, seed: int
) -> ModelSet:
    """The set with confidence, threshold and wish-for-a-person limit of these questions.

    The limit is never lower than it was, and raised to no more than `_HIGHEST_WANTS_PERSON`. Everything else
    stays, its past questions too, which must hold none of these. Raises `DataError` when the questions are
    too few.
    """
    # at most 1 % of the questions reach the limit: people answered them, so none is a mere wish
    reached = np.quantile([read.understanding.wants_person for read in reads], 1 - _FALSE_ALARMS)
    raised = max(models.limits["wants_person"], min(float(reached), _HIGHEST_WANTS_PERSON))
    limits = dict(models.limits) | {"wants_person": raised}

    def reaches_answer(read: Read) -> bool:
        understood = read.understanding
        return (
            understood.wants_person < limits["wants_person"]
            and understood.human_only_probability < limits["human_only"]
        )

    fitted = fit_confidence(
        questions,
        reads,
        past=models.answering.past,
        in_past=0,
        reaches_answer=reaches_answer,
        seed=seed,
        trees=_TREES,
        folds=_FOLDS,
    )
    return replace(models, answering=fitted.model, calibration=fitted.sample, limits=limits)


def refit(
    session: Session,
    models: ModelSet,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
    taught: Sequence[TaughtAnswer] = (),
    seed: int = 0,
) -> ModelSet:
    """The set calibrated on the store's experience; the same set while there is too little of it.

    What was `taught` to other businesses shows beside it what only looks like a known question: the store
    holds none of that. No budget is kept on it.
    """
    questions = approved_questions(session)
    if len(questions) < FEWEST:
        return models
    reads = held_out_reads(questions, models, encoder, index, head_encoders=head_encoders)
    pairs = zip(questions, reads, strict=True)
    if (
        sum(any(candidate.ref in question.refs for candidate in read.candidates) for question, read in pairs)
        < FEWEST_FOUND
    ):
        return models
    bot = Resolver(encoder, models, index, head_encoders=head_encoders)
    probes = taught_probes(taught, bot, encoder)
    questions += [replace(probe.question, counts=False) for probe in probes]
    reads += [probe.read for probe in probes]
    return experienced(models, questions, reads, seed=seed)
