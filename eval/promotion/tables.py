"""A comparison as small tables for a terminal; decides nothing."""

from eval.promotion.comparison import Comparison
from eval.promotion.flips import Made
from eval.report.text import aligned, side_by_side

_SHOWN_ROWS = 20
_TEXT_CHARS = 60
_KEYS = (
    "n",
    "answered_right",
    "answered_wrong",
    "clarified",
    "handed_over",
    "smalltalk",
    "failed",
    "wrong_among_answered",
    "coverage_in_hindsight",
    "best_right",
    "intent_right",
    "needs_person_answered",
    "mood_warned",
    "mood_false_alarms",
    "sentiment_macro_recall",
    "threshold",
    "guaranteed",
    "regression_cases",
    "regression_cases_kept",
    "p50_ms",
    "p95_ms",
    "size_mb",
)


def as_tables(comparison: Comparison) -> str:
    """Figures side by side, broken cases, flips (worst first, the first 20), notes and gates."""
    columns = {
        f"{role} {side.version}": side.figures_json()
        for role, side in (("champion", comparison.champion_side), ("challenger", comparison.challenger_side))
    }
    parts = [side_by_side(columns, _KEYS)]
    if comparison.broken_cases:
        rows: list[tuple[str, ...]] = [
            (
                "must get" if case.must_answer else "must not get",
                case.ref,
                case.answered_ref or case.decision,
                _short(case.text),
            )
            for case in comparison.broken_cases
        ]
        parts.append(_titled("broken regression cases", rows))
    flips = comparison.flips
    if flips.n:
        title = f"{len(flips.flips)} of {flips.n} past decisions would flip"
        parts.append(
            _titled(
                title,
                [
                    (flip.kind, _made(flip.champion), "->", _made(flip.challenger), _short(flip.text))
                    for flip in flips.flips
                ],
            )
        )
    parts.extend(comparison.notes)
    parts.append(gates_table(comparison))
    return "\n\n".join(parts)


def gates_table(comparison: Comparison) -> str:
    """A line a gate: what became of it, its name, the numbers."""
    return _titled("gates", [(gate.outcome, gate.name, gate.reason) for gate in comparison.gates])


def _titled(title: str, rows: list[tuple[str, ...]]) -> str:
    more = len(rows) - _SHOWN_ROWS
    lines = [title, *(f"  {line}" for line in aligned(rows[:_SHOWN_ROWS]).splitlines())]
    return "\n".join([*lines, f"  and {more} more: see --json"] if more > 0 else lines)


def _made(made: Made) -> str:
    return f"{made.ref or made.kind} {made.confidence:.2f}"


def _short(text: str) -> str:
    """The text on one line, without the control characters that could move a terminal's cursor."""
    line = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    return line if len(line) <= _TEXT_CHARS else line[: _TEXT_CHARS - 1] + "…"
