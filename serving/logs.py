"""What may be logged of an exception: its kind and place, never its message, which may quote a customer."""

import traceback

_FRAMES = 4


def kind_and_place(error: BaseException) -> dict[str, object]:
    """The fields `error` (class name) and `at` (the innermost lines of code)."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno}" for frame in frames]}
