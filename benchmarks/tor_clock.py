"""The wall clock that one tor reads, set wrong and right from outside while it runs, by Debian's libfaketime.

The library is loaded into what a node starts, never into the node. It adds what stands in a file to the time
of day, and looks there once a second. The time by which tor waits and measures (CLOCK_MONOTONIC) stays as it
is, so that tor sees what it sees when somebody sets a machine's clock: a jump.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Final

MISSING: Final = (
    "faketime, which sets the clock of a tor, is not installed. To install it: sudo apt-get install faketime"
)

_SHARED_MEMORY: Final = Path("/dev/shm")


class TorClock:
    """The clock of whatever is started with `environment` and the preloaded library; right at first.

    Args:
        path: of its file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.environment = {
            "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else the library waits for conditions by a clock of its own: tor's threads do not come up.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }
        self.set_ahead(0)

    def set_ahead(self, seconds: int) -> None:
        """By how much it differs from the system's clock; behind it, if negative."""
        new = self._path.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._path)


def library() -> str:
    """What to preload, as the command that comes with the library says.

    Raises:
        FileNotFoundError: it is not installed.
    """
    command = ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def forget(pid: int) -> None:
    """Remove what the library could not when its process was killed."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        with contextlib.suppress(FileNotFoundError):
            (_SHARED_MEMORY / name).unlink()
