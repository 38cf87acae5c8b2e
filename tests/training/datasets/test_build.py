"""A folder of data sets: from files, a folder of the hub's layout and a store; readable by the library."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from tests.training.store_parts import Shop, decision, make_store
from training.datasets.build import Gathered, build, scrubbed
from training.datasets.card import size_category
from training.datasets.examples import Example, Person
from training.datasets.from_outside import HubName, read_file, read_hub
from training.datasets.from_store import read_store

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries, about themselves


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def write_jsonl(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def hub_folder(folder: Path, splits: dict[str, str]) -> Path:
    """A data set as the hub keeps it: a card that names the files of each split."""
    folder.mkdir()
    files = "".join(f"  - split: {split}\n    path: {split}.csv\n" for split in splits)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n")
    for split, content in splits.items():
        (folder / f"{split}.csv").write_text(content)
    return folder


def test_a_file_gives_intents_with_conversation_person_and_time(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "a.jsonl",
        [
            {
                "text": "hi",
                "label": "x",
                "conversation_id": "t1",
                "contact_id": 7,
                "asked_at": "2026-01-31T09:00",
            },
            {"text": 7, "label": "x"},
        ],
    )
    found = read_file(path)
    (one,) = found.examples
    assert (one.source, one.conversation_id, one.person) == ("file:a.jsonl", "t1", Person("7"))
    assert one.asked_at is not None
    assert one.asked_at.isoformat() == "2026-01-31T09:00:00+00:00"
    assert [problem.kind for problem in found.problems] == ["text_not_text", "class_with_one_row"]


def test_a_time_that_is_none_is_refused_by_line(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "hi", "label": "x", "asked_at": "monday"}])
    with pytest.raises(DataError, match=r"a\.jsonl:1: asked_at is 'monday', expected a time"):
        read_file(path)


def test_a_hub_folder_gives_its_training_split_under_its_columns(tmp_path: Path) -> None:
    folder = hub_folder(
        tmp_path / "bank",
        {"train": "utterance,intent\nmy card,card\n,card\n", "test": "utterance,intent\nx,card\n"},
    )
    found = read_hub(HubName(str(folder), text="utterance", label="intent"))
    assert [(one.text, one.label) for one in found.examples] == [("my card", "card")]
    assert [(one.kind, one.count) for one in found.problems] == [
        ("text_not_text", 1),
        ("class_with_one_row", 1),
    ]
    with pytest.raises(DataError, match=r"no split 'dev'; take one of \['test', 'train'\]"):
        read_hub(HubName(str(folder), split="dev", text="utterance", label="intent"))
    with pytest.raises(DataError, match=r"no column 'text', its columns are \['intent', 'utterance'\]"):
        read_hub(HubName(str(folder)))


def test_numbers_of_classes_become_their_names() -> None:
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["card", "cash"])}
    )
    made = datasets.DatasetDict(
        {"train": datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)}
    )
    found = read_hub(HubName("bank", config="full"), load=lambda name, config: made)
    assert [(one.text, one.label, one.source) for one in found.examples] == [
        ("a", "cash", "hub:bank"),
        ("b", "card", "hub:bank"),
    ]


def test_a_hub_that_cannot_be_reached_is_said_plainly() -> None:
    def load(name: str) -> object:
        try:
            raise ConnectionError("no route to host")
        except ConnectionError as error:
            raise FileNotFoundError("Couldn't find it") from error

    with pytest.raises(DataError, match=r"^bank cannot be loaded: the hub cannot be reached\. Check"):
        read_hub(HubName("bank"), load=load)


def test_a_data_set_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="cannot be loaded from the hub"):
        read_hub(HubName(str(tmp_path / "none")))


def test_texts_are_scrubbed_of_the_customers_and_agents_names() -> None:
    one = Example(
        "intents",
        "Ida here, is Theo in? ida@mail.example",
        {"label": "a"},
        "confirmed",
        person=Person("7", ("Ida Holm",)),
    )
    (clean,), counts = scrubbed([one], ["Theo Marsh"])
    assert clean.text == "[name] here, is [name] in? [email]"
    assert counts == {"name": 2, "email": 1}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> Path:
    """A data set of a store and a file. Read only."""
    tmp_path = tmp_path_factory.mktemp("built")
    make_store(tmp_path)
    shop = Shop(tmp_path, encoder)
    shop.rules["money"] = decision("answer", ["article:refunds"], intent="refund")
    for number, name in enumerate(("Ida Holm", "Ole Dahl", "Eva Lind", "Jon Moe", "Liv Berg")):
        talk = shop.start(shop.customer(name))
        words = ("for order 44110", "of the second box", "please, it broke", "+47 22 33 44 55", "thanks, Liv")
        shop.ask(talk, f"my money back {words[number]}")
        shop.label(talk, "refund")
        shop.rate_answer(talk, helpful=True)
        shop.rate(talk, 5, f"good work {name}")
    with shop.database.reading() as session:
        stored = read_store(session)
    shop.close()
    rows = [{"text": f"where is parcel {letter}", "label": "delivery"} for letter in "abcdefghij"]
    outside = read_file(write_jsonl(tmp_path / "more.jsonl", [*rows, rows[0]]))
    gathered = Gathered(
        (*stored.examples, *outside.examples),
        stored.agent_names,
        outside.problems,
        stored.left_out,
        intents=frozenset({"refund", "delivery", "warranty"}),
    )
    out = tmp_path / "out"
    build(gathered, out, encoder)
    return out


def test_the_library_reads_what_was_built_and_nothing_personal_is_in_it(built: Path) -> None:
    import datasets

    summary = json.loads((built / "dataset.json").read_text())
    found = datasets.load_from_disk(str(built / "arrow" / "intents"))
    assert {split: len(found[split]) for split in found} == summary["configs"]["intents"]["splits"]
    assert found["train"].column_names == ["text", "label", "source", "conversation_id", "asked_at", "group"]
    loaded = datasets.load_dataset(str(built), "intents")
    assert sorted(row["text"] for row in loaded["train"]) == sorted(row["text"] for row in found["train"])
    assert list(datasets.load_from_disk(str(built / "arrow" / "questions"))["train"][0]["refs"]) == [
        "article:refunds"
    ]
    everything = "".join(
        path.read_text() for path in built.rglob("*") if path.suffix in (".jsonl", ".md", ".json")
    )
    assert [
        word for word in ("44110", "22 33", "Holm", "Ida", "Liv", "Theo", "crm-") if word in everything
    ] == []
    # each question stands in five configurations, each comment in one
    assert summary["scrubbed"] == {"name": 10, "phone": 5, "number": 5}


def test_no_group_is_in_two_splits_over_all_configurations(built: Path) -> None:
    places: dict[int, set[str]] = {}
    texts: dict[str, set[str]] = {}
    for path in (built / "data").rglob("*.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            places.setdefault(row["group"], set()).add(path.stem)
            texts.setdefault(row["text"], set()).add(path.stem)
    assert all(len(splits) == 1 for splits in (*places.values(), *texts.values()))
    assert len(places) == json.loads((built / "dataset.json").read_text())["groups"]


def test_the_card_says_what_is_in_it(built: Path) -> None:
    card = (built / "README.md").read_text()
    front = yaml.safe_load(card.split("---\n")[1])
    summary = json.loads((built / "dataset.json").read_text())
    assert (front["license"], front["size_categories"], front["pretty_name"]) == ("unknown", ["n<1K"], "out")
    assert [one["config_name"] for one in front["configs"]] == list(summary["configs"])
    for path in (file["path"] for one in front["configs"] for file in one["data_files"]):
        assert (built / path).stat().st_size > 0
    for said in (
        "name 10, phone 5, number 5",
        "more.jsonl: 1 row repeated from further up (line 11)",
        "intents: 1 intent without rows to learn from (warranty)",
        f"data SHA-256 `{summary['data_sha256']}`",
        f"firstlast {summary['version']}",
        "Times run from 20",
        "confirmed 5",
    ):
        assert said in card


def test_the_same_data_give_the_same_hash_and_a_folder_is_never_overwritten(
    tmp_path: Path, encoder: OnnxEncoder
) -> None:
    rows = [Example("intents", f"question {i}", {"label": "a"}, "file:a") for i in range(4)]
    first = build(Gathered(tuple(rows)), tmp_path / "one", encoder)
    second = build(Gathered(tuple(rows)), tmp_path / "two", encoder)
    changed = build(Gathered(tuple(rows[1:])), tmp_path / "three", encoder)
    assert first.data_sha256 == second.data_sha256 != changed.data_sha256
    with pytest.raises(DataError, match="exists already; choose a new folder"):
        build(Gathered(tuple(rows)), tmp_path / "one", encoder)
    assert not list(tmp_path.glob(".data-set-*"))


def test_nothing_to_build_from_is_refused(tmp_path: Path, encoder: OnnxEncoder) -> None:
    with pytest.raises(DataError, match="no examples to build from"):
        build(Gathered(()), tmp_path / "out", encoder)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (999_999, "100K<n<1M"), (1_000_000, "n>1M")],
)
def test_sizes_are_called_what_the_hub_calls_them(rows: int, name: str) -> None:
    assert size_category(rows) == name
