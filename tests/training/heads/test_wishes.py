"""What the head of wishes for a person is taught: wishes first, and matters that are none, in every home."""

from eval.data.labelled import LabelledText
from knowledge import DEMO_FOLDER
from model.understanding.message import NO_PERSON, PERSON
from training.datasets.training_data import TrainingData, company_data, general_data
from training.heads.model_set import labelled_texts


def taught(data: TrainingData) -> dict[str, str]:
    return {row.text: row.label for row in labelled_texts(data)["wants_person"]}


def test_a_new_home_and_the_sample_company_are_taught_the_same_wishes() -> None:
    company = company_data(DEMO_FOLDER)
    assert taught(general_data()) == taught(company)
    assert taught(company)[company.intents[0].text] == NO_PERSON


def test_a_matter_that_is_put_as_a_wish_is_one() -> None:
    labels = taught(company_data(DEMO_FOLDER))
    assert labels["I want to speak to your manager."] == PERSON
    assert labels["can't verify who I am, codes binned. need a person"] == PERSON


def test_each_text_is_taught_once() -> None:
    rows: list[LabelledText] = list(labelled_texts(general_data())["wants_person"])
    assert len(rows) == len({row.text for row in rows})
