"""Names of labels are texts to learn from while there are few others; unlabelled texts, each once."""

from eval.data.further_texts import NAMED_BELOW, with_label_names, without_known
from eval.data.labelled import LabelledText


def test_a_label_with_few_texts_is_taught_by_its_name() -> None:
    rows = [LabelledText("where is it", "card_arrival")]
    assert with_label_names(rows) == [*rows, LabelledText("card arrival", "card_arrival")]


def test_a_label_with_many_texts_is_not() -> None:
    rows = [LabelledText(f"text {i}", "card_arrival") for i in range(NAMED_BELOW)]
    assert with_label_names(rows) == rows


def test_names_without_a_word_and_names_that_are_texts_already_teach_nothing() -> None:
    rows = [LabelledText("one", "17"), LabelledText("two", "q_2"), LabelledText("Refund", "refund")]
    assert with_label_names(rows) == rows


def test_other_alphabets_and_no_rows() -> None:
    assert with_label_names([]) == []
    assert with_label_names([LabelledText("¿dónde?", "envío-rápido")])[1].text == "envío rápido"


def test_texts_stand_once_in_their_order_without_those_known() -> None:
    texts = ["Where is it?", "how much", "where  is it", "HOW MUCH!", "who are you", "Hello"]
    assert without_known(texts, ["hello."]) == ("Where is it?", "how much", "who are you")


def test_of_known_texts_alone_nothing_is_left() -> None:
    assert without_known(["a b", "A b."], ["a  B"]) == ()
