"""Password hashes by Argon2id; an unknown e-mail costs the same time as a wrong password."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from model.errors import DataError

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1_000

_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each check takes 64 MiB: a burst of sign-ins must not take the server's memory."""


def hash_password(password: str) -> str:
    """The hash to keep. Raises `DataError` for a password that is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise DataError(
            f"password has {len(password)} characters; use {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS}"
        )
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password has this hash; `None` (nobody of that name) takes as long and is False."""
    if len(password) > MAX_PASSWORD_CHARS:
        return False
    with _AT_ONCE:
        try:
            _HASHER.verify(password_hash or _hash_of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("nobody has this password")
