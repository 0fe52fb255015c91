"""Memory that is no longer needed goes back to the system at once."""

from __future__ import annotations

import ctypes
import sys

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD in malloc.h
_LARGE = 128 * 1024  # bytes; what glibc itself begins with


def give_back_large_blocks() -> None:
    """Have the C library return each large block to the system when it is freed, for the whole process.

    Pages are blocks of a megabyte, made by many threads. Left to itself glibc takes each freed one for a sign to keep
    those of its size, between others that live on, so memory would grow with the number of pages that ever were. Other
    C libraries than glibc have no such setting and are left alone.
    """
    if sys.platform == "linux" and (set_option := getattr(ctypes.CDLL(None), "mallopt", None)):
        set_option(_MMAP_THRESHOLD, _LARGE)
