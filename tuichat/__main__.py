"""`tuichat` and `python -m tuichat`: all else is imported where an interruption is caught already."""

from __future__ import annotations

import sys
import warnings

INTERRUPTED = 130


def main() -> int:
    """Run the command line; gives the exit code. An interruption at any point is 130 without a word."""
    try:
        from tuichat.cli.streams import raise_on_ending_signals

        raise_on_ending_signals()
        from tuichat.cli.run import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        warnings.simplefilter("ignore")  # what was broken off lies about unawaited, and need not be
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
