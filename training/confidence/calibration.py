"""Fits confidence and limits of a model set on labelled questions, its heads as they are; reads no store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval.data.labelled import LabelledQuestion
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.answering.past_questions import PastQuestions
from model.interfaces import Encoder, Reader
from model.model_set import CalibrationSample, ModelSet
from model.refs import article_ref, learned_answer_ref
from model.resolver import Read, Resolver
from model.types import Passage, Question
from serving.drift.service import REFERENCE_KEY
from training.confidence.fitting import fit_confidence, limit_for_recall, past_questions
from training.confidence.probes import (
    WithoutItself,
    knowledge_probes,
    served_probes,
    taught_probes,
    without_their_answers,
)
from training.confidence.reference import reference_counts
from training.datasets.training_data import TrainingData

HIGHEST_LIMIT = 0.5
RISKS = (0.01, 0.02, 0.05)
"""Budgets that figures are given for."""
OWN_QUESTIONS = "own questions"
GENERAL_QUESTIONS = "general questions"
OWN_KNOWLEDGE = "general questions and the home's own knowledge"
"""What a set may be calibrated on: the risk budget is promised for questions like these."""
_PERSON_RECALL = 1.0
_HUMAN_ONLY_RECALL = 0.98
"""Shares of the calibration questions for people that the limits must catch."""
_FALSE_ALARMS = 0.01
"""Share of plain questions that may go to people because their matter seems to be for them."""


def calibrate(
    models: ModelSet,
    data: TrainingData,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
    seed: int,
    knowledge: Mapping[str, Sequence[Passage]] | None = None,
    home_index: KnowledgeIndex | None = None,
) -> ModelSet:
    """The set with its confidence and limits fitted anew on the questions of `data`.

    They are asked of `index`, which is `calibration_index(data, encoder)`. `head_encoders` are those that
    heads of the set have of their own, by fingerprint.

    Beside them it is asked what was taught to other businesses (`data.taught`), in other words and in words
    that only look like it: that says how sure a learned answer may be.

    The card keeps what it reads of the business's own questions, for `firstlast drift`; none of others.

    With the `knowledge` of a home (passages by answer) that has no labelled questions of its own, it
    examines itself too: the questions of `data` are asked a second time with their answers hidden, and so
    is what the knowledge itself asks (`training.confidence.probes`). Otherwise another company's questions
    would decide how near a wrong answer comes here.

    With the `home_index`, which holds what the home knows, it learns from `data.served` too: what people said
    of answers in service. What the home's knowledge asks of itself already is not asked twice.
    """
    resolver = Resolver(encoder, models, index, head_encoders=head_encoders)
    questions = [*data.questions, *held_out_phrasings(data)]
    reads = [resolver.read(Question(question.text)) for question in questions]
    limits = limits_of(models, questions, reads)
    past = PastQuestions.none()
    if data.own_questions:
        vectors = np.stack([read.signals.vector for read in reads[: len(data.questions)]])
        seen = encoder.encode([question.text for question in data.only_past])
        past = past_questions((*data.questions, *data.only_past), np.vstack([vectors, seen]))
    probes = taught_probes(data.taught, resolver, encoder)
    if knowledge is not None:
        probes += without_their_answers(questions, reads, index)
        probes += knowledge_probes(knowledge, resolver, encoder, rng=np.random.default_rng(seed))
    if home_index is not None:
        asked = {probe.question.text for probe in probes}
        served = [one for one in data.served if one.question.text not in asked]
        home_bot = Resolver(encoder, models, WithoutItself(home_index), head_encoders=head_encoders)
        probes += served_probes(served, home_bot)
    questions += [probe.question for probe in probes]
    reads += [probe.read for probe in probes]

    def reaches_answer(read: Read) -> bool:
        understood = read.understanding
        return (
            understood.wants_person < limits["wants_person"]
            and understood.human_only_probability < limits["human_only"]
            and understood.human_only_in_passing < limits["human_only_in_passing"]
        )

    in_past = len(data.questions)
    confidence = fit_confidence(
        questions, reads, past=past, in_past=in_past, reaches_answer=reaches_answer, seed=seed
    )
    reference = (
        reference_counts(data.questions, reads, confidence.sample, confidence.asked)
        if data.own_questions
        else {}
    )
    return replace(
        models,
        answering=confidence.model,
        calibration=confidence.sample,
        limits=limits,
        card={**models.card, REFERENCE_KEY: reference},
    )


def calibration_index(data: TrainingData, encoder: Encoder) -> KnowledgeIndex:
    """The articles of `data`, and its learned answers with every second phrasing, searchable."""
    index = KnowledgeIndex(encoder)
    index.put({article_ref(article.slug): article_passages(article) for article in data.articles})
    index.put(
        {
            learned_answer_ref(i): learned_answer_passages(
                i, known.question, known.answer, [known.question, *known.phrasings[::2]]
            )
            for i, known in enumerate(data.learned_answers)
        }
    )
    return index


def held_out_phrasings(data: TrainingData) -> list[LabelledQuestion]:
    """The phrasings that `calibration_index` does not hold, as questions for their learned answer."""
    return [
        LabelledQuestion(f"phrasing-{i}-{j}", text, "answerable", None, frozenset({learned_answer_ref(i)}))
        for i, known in enumerate(data.learned_answers)
        for j, text in enumerate(known.phrasings[1::2])
    ]


def answer_figures(sample: CalibrationSample) -> dict[str, float]:
    """What each risk budget lets the bot answer of the held-out decisions, by `answers.<figure>`."""
    n = len(sample.correct)
    figures = {"answers.n": float(n), "answers.best_right": float(sample.correct.mean()) if n else 0.0}
    for risk in RISKS:
        thresholds = sample.thresholds(risk=risk)
        article, learned = thresholds["article"], thresholds["learned_answer"]
        answered = sample.confidences >= np.where(sample.learned, learned.value, article.value)
        figures[f"answers.threshold_at_risk_{risk}"] = article.value
        figures[f"answers.guaranteed_at_risk_{risk}"] = float(article.guaranteed)
        figures[f"answers.learned_threshold_at_risk_{risk}"] = learned.value
        figures[f"answers.learned_guaranteed_at_risk_{risk}"] = float(learned.guaranteed)
        figures[f"answers.coverage_at_risk_{risk}"] = float(answered.sum()) / max(1, n)
        figures[f"answers.wrong_at_risk_{risk}"] = float((answered & ~sample.correct).sum())
    return figures


def limits_of(
    models: ModelSet, questions: Sequence[LabelledQuestion], reads: Sequence[Read]
) -> dict[str, float]:
    """The limits of the set, with those of the wish for a person and of matters for people found anew.

    A matter is surely for people (`human_only`) where at most 1 % of the plain questions come; it may be for
    them (`human_only_in_passing`: the bot asks) where 98 % of the real ones do. None is above a half.
    """
    for_people = [
        (question, read.understanding)
        for question, read in zip(questions, reads, strict=True)
        if question.kind == "needs_person"
    ]
    asking = [one.wants_person for question, one in for_people if question.intent is None]
    sensitive = [
        one.human_only_probability
        for question, one in for_people
        if question.intent
        and question.intent in models.intents
        and models.intents[question.intent].human_only
    ]
    plain = [
        read.understanding.human_only_probability
        for question, read in zip(questions, reads, strict=True)
        if question.kind in ("answerable", "out_of_scope")
    ]
    doubtful = limit_for_recall(np.array(sensitive), recall=_HUMAN_ONLY_RECALL, most=HIGHEST_LIMIT)
    rarely_plain = float(np.quantile(plain, 1 - _FALSE_ALARMS)) if plain else HIGHEST_LIMIT
    return dict(models.limits) | {
        "wants_person": limit_for_recall(np.array(asking), recall=_PERSON_RECALL, most=HIGHEST_LIMIT),
        "human_only": max(doubtful, min(rarely_plain, HIGHEST_LIMIT)),
        "human_only_in_passing": doubtful,
    }
