"""Memory that is no longer needed goes back to the system, or to whoever needs some next."""

from __future__ import annotations

import ctypes
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # M_MMAP_THRESHOLD and M_ARENA_MAX in malloc.h
_LARGE = 128 * 1024  # bytes; what glibc itself begins with


def give_back_freed_memory() -> None:
    """Have the C library keep no more memory than is in use, for the whole process; before threads are made.

    Answers and bodies are blocks of up to a megabyte, made by many threads. Left to itself glibc takes each freed one
    for a sign to keep those of its size, between others that live on, and keeps what each thread has freed apart, so
    memory would grow with the number of blocks that ever were. Other C libraries than glibc have no such settings and
    are left alone.
    """
    if sys.platform == "linux" and (set_option := getattr(ctypes.CDLL(None), "mallopt", None)):
        set_option(_MMAP_THRESHOLD, _LARGE)
        set_option(_ARENA_MAX, 1)  # most is allocated one thread at a time anyway
