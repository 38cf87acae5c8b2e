"""Joins the messenger's ES modules into one, in order of import; it renames and rewrites nothing.

One request instead of a dozen for a site that embeds it. The parts keep a simple form, which makes this
possible without a tool: `import { a, b } from "./file.js";` on one line, `export` before a declaration, no
name declared at the top of two parts.
"""

import re
from pathlib import Path

from rjsmin import jsmin

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\./[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async |const |class |function ))", re.MULTILINE)
_STYLES = re.compile(r"(?<=\.replaceSync\(`)[^`]*")
_NEEDLESS_SPACE = re.compile(
    r"(?<!\s)\s+([{};])\s*|([{};])\s*|([:,])\s+"
)  # before a colon a space means "inside"


def join_modules(entry: Path) -> str:
    """The entry module and all it imports as one module, without comments and needless space."""
    joined = jsmin("".join(_body(part) for part in _in_order(entry, [])))
    return _STYLES.sub(lambda styles: _NEEDLESS_SPACE.sub(r"\1\2\3", styles[0]), joined)


def _in_order(part: Path, done: list[Path]) -> list[Path]:
    for address in _IMPORT.findall(part.read_text(encoding="utf-8")):
        imported = (part.parent / address).resolve()
        if imported not in done:
            _in_order(imported, done)
    if part not in done:
        done.append(part)
    return done


def _body(part: Path) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", part.read_text(encoding="utf-8")))
