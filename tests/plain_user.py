"""Lets tests see what people see who may not write everywhere, though tests may be run by root."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
_PASSES_PERMISSIONS = 1 << 1 | 1 << 2
"""The capabilities to write (CAP_DAC_OVERRIDE) and to read (CAP_DAC_READ_SEARCH) against permissions."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


@contextmanager
def as_a_plain_user() -> Iterator[None]:
    """Within it, permissions of files count for this thread; only root, on Linux, needs it."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION, 0), (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    _check(libc.capget(ctypes.byref(header), sets))
    before = sets[0]
    sets[0] = before & ~_PASSES_PERMISSIONS
    _check(libc.capset(ctypes.byref(header), sets))
    try:
        yield
    finally:
        sets[0] = before
        _check(libc.capset(ctypes.byref(header), sets))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
