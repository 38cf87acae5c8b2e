"""Questions to label as files of Label Studio, Argilla and plain tables, and labels from such files.

It knows no store, and of the two programs only the formats: Label Studio's JSON tasks (`data`, `predictions`,
`annotations`; https://labelstud.io/guide/task_format), and Argilla's records as `records.to_json` writes them
(`fields`, `metadata`, `suggestions`, `responses`). Each question carries the ids of its decision and
conversation, by which its label finds back.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from eval.data.labelled_rows import BadRow, read_labelled_rows
from model.errors import DataError
from model.files import write_atomically
from serving.labelling.schemas import GroupOut
from training.datasets.examples import OUT_OF_SCOPE

Format = Literal["text", "label-studio", "argilla"]
QUESTION = "intent"
"""What the question to annotators is called in the files."""
_TABLES = (".csv", ".tsv")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by; customers write it too."""


@dataclass(frozen=True, slots=True)
class FileLabel:
    """What a file says of one question."""

    label: str
    decision_id: int | None
    """`None` where the file has none: then the text must tell which question it is."""
    text: str
    conversation_id: str | None = None
    who: str | None = None
    """E-mail of the annotator, where the file tells it."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The labels of a file, each with its row, what is wrong with other rows, and how many have no label."""

    labels: tuple[tuple[int, FileLabel], ...]
    """Rows are lines, or the place in a JSON list, from 1 on."""
    problems: tuple[tuple[int, str], ...]
    unlabelled: int


def write_tasks(
    path: Path, groups: Sequence[GroupOut], *, format: Format, intents: Sequence[str], model: str
) -> list[Path]:
    """Write the questions for annotators; the files written, of which `path` is the first.

    For Label Studio also the labelling interface, beside it as `NAME-interface.xml`, whose choices are the
    intents.
    """
    if format == "label-studio":
        tasks = [_label_studio_task(group, model) for group in groups]
        interface = path.with_name(f"{path.stem}-interface.xml")
        write_atomically(path, _json(tasks))
        write_atomically(interface, labelling_interface(intents).encode())
        return [path, interface]
    if format == "argilla":
        records = [_argilla_record(group, model) for group in groups]
        write_atomically(path, _json(records))
    else:
        write_atomically(path, _table(groups).encode())
    return [path]


def labelling_interface(intents: Sequence[str]) -> str:
    """Label Studio's labelling configuration: the text, and one choice among the intents."""
    choices = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in (*intents, OUT_OF_SCOPE))
    return (
        f'<View>\n  <Text name="text" value="$text"/>\n  <Choices name="{QUESTION}" toName="text" '
        f'choice="single" required="true">\n{choices}\n  </Choices>\n</View>\n'
    )


def read_labels(path: Path) -> LabelFile:
    """The labels in a file of any of the formats, told apart by what stands in it.

    A bad row is left out and named. Raises `DataError` for a file that cannot be read.
    """
    labels, problems, unlabelled = [], [], 0
    for number, found in _rows(path):
        if isinstance(found, FileLabel):
            labels.append((number, found))
        elif isinstance(found, str):
            problems.append((number, found))
        else:
            unlabelled += 1
    return LabelFile(tuple(labels), tuple(problems), unlabelled)


def _json(rows: list[dict[str, Any]]) -> bytes:  # JSON
    return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()


def _label_studio_task(group: GroupOut, model: str) -> dict[str, Any]:  # JSON
    task: dict[str, Any] = {"data": {**_ids(group), "text": group.text, **_facts(group)}}
    if group.intents:
        best = group.intents[0]
        choice = {
            "from_name": QUESTION,
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [best.name]},
        }
        task["predictions"] = [{"model_version": model, "score": best.probability, "result": [choice]}]
    return task


def _argilla_record(group: GroupOut, model: str) -> dict[str, Any]:  # JSON
    suggestions: dict[str, Any] = {}
    if group.intents:
        best = group.intents[0]
        suggestions[QUESTION] = {"value": best.name, "score": best.probability, "agent": model}
    return {
        "id": str(group.decision_id),
        "fields": {"text": group.text},
        "metadata": {**_ids(group), **_facts(group)},
        "suggestions": suggestions,
        "responses": {},
        "vectors": {},
    }


def _table(groups: Sequence[GroupOut]) -> str:
    written = io.StringIO()
    columns = (
        ["text", "label", "guess", *_ids(groups[0]), *_facts(groups[0])] if groups else ["text", "label"]
    )
    table = csv.DictWriter(written, columns)
    table.writeheader()
    for group in groups:
        guess = group.intents[0].name if group.intents else ""
        text = f"'{group.text}" if group.text.startswith(_FORMULA) else group.text
        table.writerow({"text": text, "label": "", "guess": guess, **_ids(group), **_facts(group)})
    return written.getvalue()


def _ids(group: GroupOut) -> dict[str, Any]:  # JSON
    return {"decision_id": group.decision_id, "conversation_id": group.conversation_id}


def _facts(group: GroupOut) -> dict[str, Any]:  # JSON
    return {"alike": group.alike, "expected_gain": group.expected_gain}


def _rows(path: Path) -> "_Rows":
    if path.suffix.casefold() in _TABLES:
        yield from _plain_rows(path)
        return
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}; save it as UTF-8") from error
    if content.lstrip().startswith("["):
        try:
            listed = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is not JSON ({error}); export it again") from error
        yield from ((number, _labelled(row)) for number, row in enumerate(listed, start=1))
    else:
        yield from _json_lines(content)


def _json_lines(content: str) -> "_Rows":
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"not JSON ({error})"
                continue
            yield number, _labelled(row)


def _plain_rows(path: Path) -> "_Rows":
    for number, row in read_labelled_rows(path):
        yield number, row.reason if isinstance(row, BadRow) else _of_plain(row)


def _labelled(row: Any) -> FileLabel | str | None:  # JSON
    """The label of a row of any format, what is wrong with it, or nothing where it has no label yet."""
    if not isinstance(row, Mapping):
        return f"a JSON {type(row).__name__}, expected an object"
    if isinstance(row.get("data"), Mapping):
        return _of_label_studio(row)
    if isinstance(row.get("fields"), Mapping) or any(str(key).endswith(".responses") for key in row):
        return _of_argilla(row)
    return _of_plain(row)


def _of_label_studio(task: Mapping[str, Any]) -> FileLabel | str | None:  # JSON
    choices, people = [], []
    for annotation in _listed(task.get("annotations")):
        if annotation.get("was_cancelled"):
            continue
        for result in _listed(annotation.get("result")):
            value = result.get("value")
            chosen = value.get("choices") if isinstance(value, Mapping) else None
            if isinstance(chosen, list) and chosen:
                choices += [str(choice) for choice in chosen]
                people.append(annotation.get("completed_by"))
    return _agreed(choices, task["data"], people)


def _of_argilla(record: Mapping[str, Any]) -> FileLabel | str | None:  # JSON
    if isinstance(record.get("fields"), Mapping):
        given = [(answer.get("value"), answer.get("status")) for answer in _argilla_answers(record)]
        metadata = record.get("metadata")
        place = {**record["fields"], **(metadata if isinstance(metadata, Mapping) else {})}
    else:  # as `to_list(flatten=True)` has it
        key = next(str(key) for key in record if str(key).endswith(".responses"))
        values, states = record[key] or [], record.get(f"{key}.status") or []
        given = [(value, states[n] if n < len(states) else None) for n, value in enumerate(values)]
        place = dict(record)
    if str(record.get("id")).isdecimal():
        place.setdefault("decision_id", record["id"])
    return _agreed([str(value) for value, status in given if status in (None, "submitted")], place, [])


def _argilla_answers(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:  # JSON
    """The answers to our question, or to the first one: by question, or as the server has them by person."""
    responses = record.get("responses")
    if isinstance(responses, Mapping):
        return _listed(responses.get(QUESTION) or next(iter(responses.values()), None))
    answers: list[Mapping[str, Any]] = []
    for response in _listed(responses):
        values = response.get("values")
        by_question = values if isinstance(values, Mapping) else {}
        answer = by_question.get(QUESTION) or next(iter(by_question.values()), None)
        if isinstance(answer, Mapping):
            answers.append({"value": answer.get("value"), "status": response.get("status")})
    return answers


def _of_plain(row: Mapping[str, Any]) -> FileLabel | str | None:  # JSON
    label = row.get("label", row.get(QUESTION))
    if label is None or (isinstance(label, str) and not label.strip()):
        return None
    if not isinstance(label, str | int):
        return f"label is {label!r}, expected the name of an intent"
    return _agreed([str(label).strip()], row, [row.get("labelled_by")])


def _agreed(labels: Sequence[str], place: Mapping[str, Any], people: Sequence[Any]) -> FileLabel | str | None:
    """The label that most gave, with the question it is on; what is wrong where they disagree."""
    if not labels:
        return None
    counts = Counter(labels).most_common()
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        told = ", ".join(sorted(label for label, count in counts if count == counts[0][1]))
        return f"annotators disagree ({told}); let them agree on one"
    decision_id = place.get("decision_id")
    if isinstance(decision_id, str):
        decision_id = int(decision_id) if decision_id.strip().isdecimal() else decision_id or None
    if decision_id is not None and (not isinstance(decision_id, int) or isinstance(decision_id, bool)):
        return f"decision_id is {decision_id!r}, expected the number that `data next` wrote"
    text, conversation_id = place.get("text"), place.get("conversation_id")
    who = next((name for person in people if (name := _email(person))), None)
    return FileLabel(
        label=counts[0][0],
        decision_id=decision_id,
        text=text if isinstance(text, str) else "",
        conversation_id=conversation_id if isinstance(conversation_id, str) else None,
        who=who,
    )


def _email(person: Any) -> str | None:  # JSON: a number, an e-mail, or an object that may have one
    found = person.get("email") if isinstance(person, Mapping) else person
    return found if isinstance(found, str) and "@" in found else None


_Rows = Iterator[tuple[int, FileLabel | str | None]]
"""Rows with their label, what is wrong with them, or nothing where they have no label yet."""


def _listed(value: Any) -> list[Mapping[str, Any]]:  # JSON
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
