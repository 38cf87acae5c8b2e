"""What may be logged of an exception: its kind and place, never its message, which may quote a customer."""

import traceback

from sqlalchemy.exc import DBAPIError

_FRAMES = 4


def kind_and_place(error: BaseException) -> dict[str, object]:
    """The fields `error` (class name), `at` (the innermost lines of code), and `code` of a database's error.

    The code is SQLite's name, such as `SQLITE_FULL`, or PostgreSQL's SQLSTATE, such as `53100`.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    fields: dict[str, object] = {
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno}" for frame in frames],
    }
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return {**fields, "code": code} if code else fields
