"""No text that a stranger may send holds the server up: patterns and what is built of them take linear time.

Processor time of this thread is measured, so that a busy machine changes nothing; a quadratic pattern takes
tens of seconds where two are allowed, a linear one milliseconds.
"""

import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import knowledge
import model
import serving
from knowledge.importing.files import SourceFile
from knowledge.importing.html.pages import html_to_markdown
from knowledge.importing.markdown.front_matter import FrontMatter
from knowledge.importing.markdown.pages import rewriting_of, rewritten_body
from knowledge.learning.cleaning import clean_answer, clean_question
from knowledge.learning.contradictions import contradicts, overlap
from knowledge.learning.question import pick_question
from knowledge.markdown import plain_text
from knowledge.privacy.detection import Known, find_personal_data, public_contacts
from knowledge.privacy.scrubbing import scrub
from model.understanding.courtesy import without_opening
from model.understanding.follow_up import sentences
from model.understanding.several_questions import split_questions
from model.understanding.spelling import Words, as_meant
from model.understanding.wording import is_telling
from serving.company.danger import GENERAL_DANGER
from serving.learned_answers.wording import without_personal_data
from serving.rendering import render_markdown

FEW_CHARS, SECONDS_FOR_FEW = 5_000, 1.0
CHARS, SECONDS = 100_000, 2.0
CHARS_OF_WORK = 25_000
RUNS = (" ", "\t", "\n", "a", "A", "1", "-", "@", "<", ".", "/", "#", "`", "?", "_", "中")
WORDS = (
    "[(",
    "a@",
    "a ",
    "1 ",
    "A-",
    "1-",
    "a.",
    "<!--",
    "000 ",
    "the ",
    "# ",
    "order 111 ",
    "1(",
    "```a\n",
    "thanks\n",
    "<a ",
    "<A b='",
    "{{",
    "{% if a %}",
    "{{< a >}}",
    ":::note\n",
    "!!! a\n    ",
    "import {",
    "{/*",
    "> [!NOTE]\n",
    "| a ",
)
RAMBLING = (
    "hi ",
    "thanks for ",
    "good morning ",
    "here is ",
    "thank you ",
    "so very much ",
    "no number # ",
    "real human ",
)
SOME_WORDS = Words(["thank", "order", "number", "human"])
BEGUN = (("order", " "), ("AB1111", "1"), ("hi", " "), ("my name is A", "a"), ("1 A", "a"), ("$1", " 000"))


def hostile(chars: int) -> Iterator[str]:
    """Texts of so many characters that a pattern begins to match over and over, and that end in a misfit."""
    for begin, again in (*(("", again) for again in (*RUNS, *WORDS, *RAMBLING)), *BEGUN):
        yield (begin + again * (chars // len(again) + 1))[:chars] + "_\x00"


def plain_markdown(text: str, name: str) -> str:
    """The body of a page of this name."""
    return rewritten_body(rewriting_of(SourceFile(Path(name), name), FrontMatter({})), text)


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every pattern of text that a module of the three packages holds, with the first name it is met by."""
    met: set[tuple[str, int]] = set()
    for package in (model, knowledge, serving):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                for name, value in vars(importlib.import_module(found.name)).items():
                    if not isinstance(value, re.Pattern) or not isinstance(value.pattern, str):
                        continue
                    if (value.pattern, value.flags) not in met:
                        met.add((value.pattern, value.flags))
                        yield f"{found.name}.{name}", value


def slow_text(work: Callable[[str], object], chars: int = CHARS) -> str | None:
    """How a hostile text begins that takes longer than it may.

    Shorter texts come first: they fail sooner, and where one takes so little that `chars` would be read in
    time even if time grew with the square of the length, the longer ones are spared.
    """
    lengths = (FEW_CHARS, round((FEW_CHARS * chars) ** 0.5), chars)
    allowed = (SECONDS_FOR_FEW, SECONDS, SECONDS)
    for texts in zip(*map(hostile, lengths), strict=True):
        for text, length, most in zip(texts, lengths, allowed, strict=True):
            seconds = seconds_for(work, text)
            if seconds > most:
                return f"{length} characters beginning with {text[:20]!r} took {seconds:.1f} s"
            if seconds * (chars / length) ** 2 <= SECONDS:
                break
    return None


def seconds_for(work: Callable[[str], object], text: str) -> float:
    """Processor time of this thread, without collecting the garbage of all tests before."""
    gc.disable()
    try:
        started = time.thread_time()
        work(text)
        return time.thread_time() - started
    finally:
        gc.enable()


def test_a_pattern_whose_time_grows_with_the_square_of_the_length_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(globals(), "SECONDS", 1e-3)  # so that finding it out takes no longer
    found = slow_text(re.compile(r"\s+please").search, 2 * FEW_CHARS)
    assert found is not None
    assert found.startswith(f"7071 characters beginning with {' ' * 20!r} took")  # between 5,000 and 10,000


def test_long_texts_are_spared_where_short_ones_take_next_to_nothing() -> None:
    lengths: list[int] = []
    assert slow_text(lambda text: lengths.append(len(text))) is None
    assert max(lengths) == FEW_CHARS + len("_\x00")


def test_there_are_patterns_to_try() -> None:
    names = [name for name, _ in patterns()]
    assert len(names) > 80
    assert "LAST_PLEASE" in {name.rpartition(".")[2] for name in names}


@pytest.mark.parametrize("pattern", [pytest.param(found, id=name) for name, found in patterns()])
def test_a_pattern_reads_a_hostile_text_in_linear_time(pattern: re.Pattern[str]) -> None:
    assert slow_text(lambda text: sum(1 for _ in pattern.finditer(text))) is None


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(
            lambda text: clean_answer(text, agent_names=["Ada"], customer_name="Bo Li"), id="answer"
        ),
        pytest.param(lambda text: clean_question(text, customer_name="Bo Li"), id="question"),
        pytest.param(GENERAL_DANGER.found_in, id="danger"),
        pytest.param(lambda text: is_telling(text, len), id="wording"),
        pytest.param(lambda text: pick_question([text, text], customer_name="Bo Li"), id="picking"),
        pytest.param(
            lambda text: scrub(text, names=["Bo Li", "Mark"], customer_ids=["c-1234"]), id="scrubbing"
        ),
        pytest.param(
            lambda text: find_personal_data(text, Known(("Bo Li",), country="GB")), id="personal data"
        ),
        pytest.param(lambda text: public_contacts([text]), id="public contacts"),
        pytest.param(without_personal_data, id="a pick without personal data"),
        pytest.param(lambda text: (contradicts(text, text), overlap(text, text)), id="comparing"),
        pytest.param(plain_text, id="plain text"),
        pytest.param(render_markdown, id="rendering"),
        pytest.param(lambda text: plain_markdown(text, "page.md"), id="markdown"),
        pytest.param(lambda text: plain_markdown(text, "page.mdx"), id="mdx"),
        pytest.param(html_to_markdown, id="html"),
        pytest.param(sentences, id="sentences"),
        pytest.param(split_questions, id="questions"),
        pytest.param(without_opening, id="courtesy"),
        pytest.param(lambda text: as_meant(text, known=SOME_WORDS, common=SOME_WORDS), id="spelling"),
    ],
)
def test_work_on_a_hostile_text_takes_linear_time(work: Callable[[str], object]) -> None:
    assert slow_text(work, CHARS_OF_WORK) is None
