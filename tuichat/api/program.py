"""Running a program that talks to a node: errors are sentences, and the exit codes are the command line's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

from tuichat.errors import TuichatError

INTERRUPTED = 130


def run(program: Coroutine[Any, Any, None]) -> NoReturn:
    """Run `program`, as `asyncio.run` does, and end the process with its exit code.

    0 when it has ended, 130 when it was interrupted; of a `TuichatError` the sentence and the hint go to
    standard error, and its `exit_code` is the process's.
    """
    try:
        asyncio.run(program)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except TuichatError as error:
        sys.stderr.write(" ".join(filter(None, [error.message, error.hint])) + "\n")
        sys.exit(error.exit_code)
    sys.exit(0)
