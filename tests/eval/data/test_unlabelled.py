"""Texts that nobody labelled are taken once, and not when they are known."""

from eval.data.unlabelled import without_known


def test_texts_stand_once_in_their_order_without_those_known() -> None:
    texts = ["Where is it?", "how much", "where  is it", "HOW MUCH!", "who are you", "Hello"]
    assert without_known(texts, ["hello."]) == ("Where is it?", "how much", "who are you")


def test_of_known_texts_alone_nothing_is_left() -> None:
    assert without_known(["a b", "A b."], ["a  B"]) == ()
