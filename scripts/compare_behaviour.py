"""Shows that a change of the code changed nothing that a person sees: decisions, search results, figures.

`record` asks a home of the sample company through its server and its command line, so it works with any
version of the project; `compare` reads two records and names what differs, to the last digit, times apart.

    python scripts/compare_behaviour.py record --home HOME --out before.json
    python scripts/compare_behaviour.py record --home HOME --out after.json
    python scripts/compare_behaviour.py compare before.json after.json
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = Path("knowledge/demo/test/questions.jsonl")
SUITES = ("answers", "retrieval", "followups", "mood", "sentiment")
SEARCHES = 20
_LEFT_OUT = {"milliseconds", "trace_id", "model", "version", "seconds"}
"""Times, and names made anew at each training."""
_READY = re.compile(r"is ready at (\S+)")


def main() -> int:
    """The exit status: 0, or 1 where two records differ."""
    arguments = _arguments()
    if arguments.command == "compare":
        return compare(arguments.before, arguments.after)
    found = record(arguments.home, arguments.questions, arguments.firstlast, suites=arguments.suites)
    arguments.out.write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
    print(f"{len(found['decisions'])} decisions, {len(found['figures'])} suites: {arguments.out}")
    return 0


def record(home: Path, questions: Path, firstlast: str, *, suites: Sequence[str]) -> dict[str, Any]:
    """Decisions with every candidate's scores, suggestions and search results, and the suites' figures."""
    lines = questions.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines if line.strip()]
    with _served(home, firstlast) as client:
        decisions = {text: _timeless(_post(client, text)) for text in texts}
        suggestions = {
            text: client.get("/v1/suggest", params={"q": text}).raise_for_status().json() for text in texts
        }
    searches = {text: _run(firstlast, "search", text, home=home) for text in texts[:SEARCHES]}
    figures = {suite: _timeless(_run(firstlast, "eval", suite, home=home)) for suite in suites}
    return {"decisions": decisions, "suggestions": suggestions, "searches": searches, "figures": figures}


def compare(before: Path, after: Path) -> int:
    """Prints where the two records differ; 1 if they do anywhere, else 0."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (before, after)]
    differences = list(_differences("", *records))
    for line in differences[:50]:
        print(line)
    counted = {part: len(values) for part, values in records[0].items()}
    print(f"{len(differences)} differences in {counted}")
    return 1 if differences else 0


def _post(client: httpx.Client, text: str) -> dict[str, Any]:
    decision: dict[str, Any] = client.post("/v1/ask", json={"question": text}).raise_for_status().json()
    return decision


@contextmanager
def _served(home: Path, firstlast: str) -> Iterator[httpx.Client]:
    """A client signed in to the home's own server, which ends with the block."""
    command = [*firstlast.split(), "serve", "--home", str(home), "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stderr=log, stdout=log, env=_plain_environment()) as server,
    ):
        try:
            address = _address(server, log.fileno())
            with httpx.Client(base_url=address, timeout=60, headers={"Origin": address}) as client:
                email, password, *_ = (home / "demo-logins.txt").read_text(encoding="utf-8").split()
                client.post(
                    "/v1/agents/session", json={"email": email, "password": password}
                ).raise_for_status()
                yield client
        finally:
            server.terminate()


def _address(server: subprocess.Popen[bytes], log: int) -> str:
    """Where the server says that it is ready. Raises `RuntimeError` with its words when it ends before."""
    while True:
        words = os.pread(log, 1_000_000, 0).decode(errors="replace")
        if match := _READY.search(words):
            return match[1]
        try:
            server.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"the server ended with {server.returncode}:\n{words}")


def _run(firstlast: str, *words: str, home: Path) -> Any:  # JSON
    command = [*firstlast.split(), *words, "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=_plain_environment())
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _plain_environment() -> dict[str, str]:
    """No colours, and no line breaks in an address."""
    return {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "400"}


def _timeless(value: Any) -> Any:  # JSON
    if isinstance(value, dict):
        kept = {key: _timeless(one) for key, one in value.items() if key not in _LEFT_OUT}
        return {key: one for key, one in kept.items() if not key.endswith(("_ms", "_seconds"))}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def _differences(place: str, before: Any, after: Any) -> Iterator[str]:  # JSON
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differences(f"{place}/{key}", before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{place}/{number}", left, right)
    elif before != after:
        yield f"{place}: {before!r} before, {after!r} after"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="Ask a home of the sample company.")
    recording.add_argument("--home", type=Path, required=True)
    recording.add_argument("--out", type=Path, required=True)
    recording.add_argument("--questions", type=Path, default=QUESTIONS, help="JSONL with a text a line.")
    recording.add_argument("--suites", nargs="*", default=SUITES, help="Suites of `firstlast eval` to run.")
    recording.add_argument("--firstlast", default="firstlast", help="The command to run.")
    comparing = commands.add_parser("compare", help="Say what differs between two records.")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
