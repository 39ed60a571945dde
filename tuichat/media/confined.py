"""What a process gives up, for good, before it reads the first byte of a picture.

Only such processes call this: the one that did could open no file any more.
"""

from __future__ import annotations

import codecs
import os
import resource
from typing import Final

_MEMORY_BYTES: Final = 1024 * 1024 * 1024

# Looked up now: nothing can be imported later.
_ENCODINGS: Final = ("ascii", "latin-1", "utf-8")


def give_up(cpu_seconds: int, written_bytes: int) -> None:
    """From here on this process opens no file and no socket, starts no process, and works behind all others.

    Args:
        cpu_seconds: after so much work it is ended.
        written_bytes: the most that what it writes to may have.
    """
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    os.umask(0o077)
    os.nice(10)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, written_bytes),
        (resource.RLIMIT_NOFILE, 0),  # with room for those it has, one could be closed and another opened
    ):
        resource.setrlimit(limit, (value, value))
