"""`firstlast data build`, `data noise` and `train heads --data` as typed, on good and on broken files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firstlast import cli
from training.commands.shared import tell_problems
from training.datasets.training_data import company_data, intents_file

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries, about themselves

PLANTS = ("leaves", "roots", "basil", "soil", "seeds", "mint")
MONEY = ("refund", "invoice", "charge", "card", "price", "coupon")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    (home / "models" / "encoder").symlink_to(encoder_folder)
    return home


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments), "--home", str(home)])


def result_of(got: Result) -> dict[str, object]:
    assert got.exit_code == 0, got.output
    (line,) = got.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def a_file(path: Path, *more: str) -> Path:
    rows = [(f"what is wrong with the {word} of my plant", "plant") for word in PLANTS]
    rows += [(f"a question on the {word} for my payment", "money") for word in MONEY]
    rows += [("my plant has brown leaves and dry soil", "money")]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    path.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    return path


def test_building_from_files_names_what_is_wrong_without_its_texts(home: Path, tmp_path: Path) -> None:
    file = a_file(tmp_path / "a.jsonl", '{"text": 3, "label": "plant"}', "secret words, not JSON")
    got = run(home, "data", "build", tmp_path / "out", "--file", file, "--test-share", 0.2, "--json")
    found = result_of(got)
    assert found["n"] == 13
    assert [(one["kind"], one["count"], one["examples"]) for one in found["data_problems"]] == [
        ("not_json", 1, ["15"]),
        ("text_not_text", 1, ["14"]),
    ]
    assert "data: a.jsonl: 1 line without valid JSON, left out (line 15)" in got.stderr
    assert "secret" not in got.stderr
    again = run(home, "data", "build", tmp_path / "out", "--file", file)
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


def test_building_from_a_store_nobody_used_is_refused(home: Path, tmp_path: Path) -> None:
    got = run(home, "data", "build", tmp_path / "out", "--from-store")
    assert (got.exit_code, "let people use the bot" in got.stderr) == (1, True)


def test_nothing_to_build_from_is_bad_usage(home: Path, tmp_path: Path) -> None:
    assert run(home, "data", "build", tmp_path / "out").exit_code == 2


def test_noise_lists_the_row_under_the_wrong_label(home: Path, tmp_path: Path) -> None:
    twice = json.dumps({"text": "What is wrong with the LEAVES of my plant?", "label": "money"})
    file = a_file(tmp_path / "a.jsonl", twice)
    out = tmp_path / "suspects.jsonl"
    found = result_of(run(home, "data", "noise", file, "--out", out, "--json"))
    assert (found["n"], found["n_judged"]) == (14, 14)
    assert found["n_suspect"] == len(found["suspects"]) > 0
    assert all(one["line"] in (13, 14) and one["suggested"] == "plant" for one in found["suspects"])
    assert [one["line"] for one in found["contradictory"]] == [1, 14]
    assert found["duplicates"] == []
    assert [json.loads(line)["line"] for line in out.read_text().splitlines()] == [
        one["line"] for one in found["suspects"]
    ]
    text = run(home, "data", "noise", file)
    assert "money -> plant" in text.stdout


def test_noise_measures_itself_on_flipped_labels(home: Path, tmp_path: Path) -> None:
    found = result_of(run(home, "data", "noise", a_file(tmp_path / "a.jsonl"), "--flip", 0.1, "--json"))
    assert found["n_flipped"] == 1
    assert {"precision", "recall", "recall_interval", "precision_top"} <= set(found)


ONE = b'{"text": "a", "label": "a"}'


@pytest.mark.parametrize(
    ("content", "for_noise", "for_eval"),
    [
        (b'{"text": 1, "label": "a"}', "no usable row", "a.jsonl:1: text is 1"),
        (b"", "no rows", "no rows"),
        (ONE, "needs two of them", "two labels with two texts each"),
        ("x".encode("utf-16"), "1 line without valid JSON, left out (line 1)", "a.jsonl:1: not JSON"),
        (b"\xc3\xa9\n\xff", "1 row in no readable encoding, left out (line 2)", "a.jsonl:1: not JSON"),
        (b"\xff\x00", "binary: a zero byte", "cannot be read"),
        (b"[]", "1 line without a JSON object, left out (line 1)", "expected an object"),
    ],
)
def test_no_broken_file_gives_a_stack_trace(
    home: Path, tmp_path: Path, content: bytes, for_noise: str, for_eval: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    for said, arguments in (
        (for_noise, ("data", "noise", path)),
        (for_eval, ("eval", "intents", "--train", path, "--test", path)),
    ):
        got = run(home, *arguments)
        assert (got.exit_code, type(got.exception)) == (1, SystemExit), got.output
        assert got.stderr.count("error:") == 1
        assert said in got.stderr


def test_eval_counts_repeated_and_contradictory_rows_and_stays_strict(home: Path, tmp_path: Path) -> None:
    train = a_file(tmp_path / "train.jsonl")
    rows = [("Leaves?", "plant"), ("leaves", "money"), ("leaves", "plant"), ("new", "gone")]
    rows += [("what is wrong with the soil of my plant", "plant")]
    test = tmp_path / "test.jsonl"
    test.write_text("".join(json.dumps({"text": a, "label": b}) + "\n" for a, b in rows))
    found = result_of(run(home, "eval", "intents", "--train", train, "--test", test, "--json"))
    keys = ("n_duplicate", "n_contradictory", "n_test_in_train", "n_train_duplicate", "n_unknown_label")
    assert [found[key] for key in keys] == [1, 3, 1, 0, 1]
    assert (found["unknown_labels"], found["labels_with_one_row"]) == (["gone"], [])
    with test.open("a") as file:
        file.write('{"text": null, "label": "plant"}\n')
    refused = run(home, "eval", "intents", "--train", train, "--test", test)
    assert (refused.exit_code, "test.jsonl:6: text is None" in refused.stderr) == (1, True)


def test_training_leaves_bad_rows_out_and_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from eval.data.problems import data_problems

    path = a_file(tmp_path / "a.jsonl", '{"text": null, "label": "plant"}')
    assert len(intents_file(path, {}).intents) == 13
    tell_problems(data_problems(path))
    assert (
        capsys.readouterr().err.strip() == "data: a.jsonl: 1 row whose text is no string, left out (line 14)"
    )
    assert data_problems(None) == []


def test_a_companys_folder_is_read_as_leniently(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(
        'name = "N"\n[[teams]]\nname = "t"\ntitle = "T"\n'
        + "".join(f'[[intents]]\nname = "{name}"\ntitle = "x"\nteam = "t"\n' for name in ("plant", "money"))
    )
    (tmp_path / "training").mkdir()
    a_file(tmp_path / "training" / "intents.jsonl", '{"text": "", "label": "plant"}')
    assert len(company_data(tmp_path).intents) == 13
