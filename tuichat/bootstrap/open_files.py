"""How many files and sockets a node may have open: as a flood of callers may bring many."""

from __future__ import annotations

import resource
from typing import Final

OPEN_FILES: Final = 8192


def allow_many_open_files() -> None:
    """Raise this process's own limit, often 1,024, towards the one that the system sets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
