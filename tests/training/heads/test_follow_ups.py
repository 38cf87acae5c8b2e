"""The heads for follow-ups, fitted on a few dialogues with the real encoder."""

from eval.data.dialogues import Dialogue, DialogueTurn
from eval.data.labelled import LabelledText
from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from training.datasets.training_data import TrainingData, general_data
from training.heads.follow_ups import fit_context_dependence, follow_up_texts
from training.heads.linear import cross_fitted_head

BEFORE = (DialogueTurn("customer", "What does the monthly plan cost?"),)
LEANING = ("and yearly?", "what about that one?", "is it free then?", "and the other?", "how long is that?")
ALONE = (
    "How do I reset my password?",
    "Where is my parcel?",
    "The lamp does not turn on",
    "Do you ship to Canada?",
    "Can I eat the flowers?",
)


def dialogues() -> tuple[Dialogue, ...]:
    return (
        *(Dialogue(f"l{i}", "follow_up", BEFORE, text, frozenset()) for i, text in enumerate(LEANING)),
        *(Dialogue(f"a{i}", "change_of_subject", BEFORE, text, frozenset()) for i, text in enumerate(ALONE)),
    )


def data(**changes: object) -> TrainingData:
    given = {
        "intents": tuple(LabelledText(f"question {i}", "any") for i in range(250)),
        "intent_infos": {},
        "sentiment": (),
        "wants_person": (),
        "smalltalk": (LabelledText("thanks", "thanks"),),
        "out_of_scope": (),
        "questions": (),
        "articles": (),
        "learned_answers": (),
        "follow_ups": (LabelledText("no luck", "unhelped"),),
        "dialogues": (
            *dialogues(),
            Dialogue("d", "did_not_work", BEFORE, "still broken", frozenset()),
        ),
    }
    return TrainingData(**(given | changes))  # type: ignore[arg-type]


def test_dialogues_come_first_and_what_needs_no_history_is_alone() -> None:
    texts = follow_up_texts(data())
    assert [row.label for row in texts[:11]] == ["leans"] * 5 + ["alone"] * 5 + ["unhelped"]
    assert texts[11:13] == [LabelledText("no luck", "unhelped"), LabelledText("thanks", "alone")]


def test_of_many_texts_of_intents_a_hundred_or_so_are_taken_evenly() -> None:
    taken = [row.text for row in follow_up_texts(data()) if row.text.startswith("question ")]
    assert taken == [f"question {i}" for i in range(0, 250, 2)]


def test_the_digest_names_follow_ups_and_dialogues() -> None:
    digests = {data().sha256, data(follow_ups=()).sha256, data(dialogues=dialogues()).sha256}
    assert len(digests) == 3


def test_a_business_without_dialogues_of_its_own_takes_the_general_ones() -> None:
    found = general_data()
    assert len(found.dialogues) >= 90
    assert {row.label for row in found.follow_ups} == {"alone", "leans", "unhelped"}


def test_the_second_head_tells_leaning_messages_from_new_questions(encoder: OnnxEncoder) -> None:
    index = KnowledgeIndex(encoder)
    article = ArticleDocument("password", "How do I reset my password?", "Tap *Forgot password?*.")
    index.put({"article:password": article_passages(article)})
    labels = ["leans"] * len(LEANING) + ["alone"] * len(ALONE)
    first = cross_fitted_head(encoder.read([*LEANING, *ALONE]).features, labels, seed=0)
    head = fit_context_dependence(dialogues(), first, encoder, index, seed=0)
    assert (head.labels, head.scorer.weights.shape) == (("alone", "leans"), (2, 3))
    leans = head.labels.index("leans")
    assert head.scorer.weights[leans][0] > 0, "the surer the first head, the surer the second"
