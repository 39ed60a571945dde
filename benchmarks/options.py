"""The command line that all benchmarks share."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence


def parser(module: str, about: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """A parser whose `--rounds` says how often both sides are measured, in turn."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    made.add_argument(
        "--rounds", type=at_least_one, default=rounds, metavar="N", help=f"of both sides (default {rounds})"
    )
    return made


def at_least_one(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read `arguments`, or the process's own. From here on SIGTERM ends what was started, too."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    return made.parse_args(arguments)
