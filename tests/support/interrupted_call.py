"""The command line in this process, which sends itself a signal at one of the calls within it.

    python interrupted_call.py SIGNAL CALL WORD...

CALL counts the calls of tuichat's functions from the moment at which the command's words are looked at, from
1; with 0 there is no signal, and how many calls there were is the last line of standard error.
"""

from __future__ import annotations

import inspect
import os
import sys
from types import FrameType

from tuichat import __main__
from tuichat.cli import run

PACKAGE = os.path.dirname(__main__.__file__) + os.sep  # noqa: PTH120 - compared with names of files


class Caller:
    """Counts calls, and sends the signal at one of them."""

    def __init__(self, number: int, at: int) -> None:
        self._number = number
        self._at = at
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        # Python itself passes over whatever is raised while a generator is being closed.
        counts = event == "call" and not frame.f_code.co_flags & inspect.CO_GENERATOR
        if counts and frame.f_code.co_filename.startswith(PACKAGE):
            if self.calls or frame.f_code is run.run.__code__:
                self.calls += 1
            if self._at and self.calls == self._at:
                sys.setprofile(None)
                os.kill(os.getpid(), self._number)


def main() -> int:
    """Be the command line; gives its exit code."""
    number, at = (int(word) for word in sys.argv[1:3])
    sys.argv[1:] = sys.argv[3:]
    caller = Caller(number, at)
    sys.setprofile(caller)
    code = __main__.main()
    sys.setprofile(None)
    if not at:
        print(caller.calls, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
