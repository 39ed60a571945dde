"""The command line that all benchmarks share."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


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


def add_network(made: argparse.ArgumentParser, latency: float) -> None:
    """For what needs a Tor network: `--latency`, in milliseconds, and `--torrc`, None to bring one up."""
    made.add_argument(
        "--latency", type=float, default=latency, metavar="MS", help=f"of each link (default {latency:g})"
    )
    made.add_argument(
        "--torrc",
        type=private_torrc,
        metavar="FILE",
        help="use the private network of these members, which is up",
    )


def private_torrc(text: str) -> Path:
    """The path of a fragment whose members know no network but a private one."""
    path = Path(text)
    if "TestingTorNetwork 1" not in path.read_text(encoding="utf-8").splitlines():
        raise argparse.ArgumentTypeError(f"{text} leads to no private network")
    return path


def add_minutes(made: argparse.ArgumentParser, default: float) -> None:
    """For what is to reach a number and may take long: `--minutes`; see `ends_after` and `fell_short`."""
    made.set_defaults(most_minutes=default)
    made.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help=f"end by then, whatever was reached; without it, too little after {default:g} is a failure",
    )


def ends_after(chosen: argparse.Namespace) -> float:
    """After how many seconds to end."""
    minutes = chosen.most_minutes if chosen.minutes is None else chosen.minutes
    return float(minutes) * 60


def fell_short(chosen: argparse.Namespace, reached: int, wanted: int, what: str) -> bool:
    """Whether less was reached than asked for, and nobody chose when to end. Says so."""
    short = chosen.minutes is None and reached < wanted
    if short:
        print(f"  FELL SHORT: {reached:,} of {wanted:,} {what} in {chosen.most_minutes:g} minutes")
    return short


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read `arguments`, or the process's own. From here on SIGTERM ends what was started, too."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    return made.parse_args(arguments)
