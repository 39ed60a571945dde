"""How late a key is on screen while messages come.

Claim, with 1,000 conversations: while 10,000 messages arrive, each key's letter is on screen within 50 ms.

The interface runs as its own process in a pseudo terminal, its node in another one, where a peer's node is
joined to it without a network between them: messages come as fast as two nodes can write them to disk, over
the node's own socket. A key's time is wall time, from its write into the terminal to the bytes that show it.

What is possible is measured in the same minute, with the same load: a Textual program with nothing but a text
area, and a program that writes back what it reads, each in a terminal of its own. They take turns with the
interface, line by line, which meanwhile goes on drawing what arrives.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks import bare_echo, options, report
from benchmarks.homes import NEWEST_TEXT, new_home
from benchmarks.terminal import Terminal
from benchmarks.two_nodes import ARRIVAL, running_nodes

AT_MOST_SECONDS = 0.05

_CLEAR = b"\x15"  # Ctrl+U
_PORTIONS = 4
_SETTLED, _SETTLING = 0.4, 5.0  # the blinking cursor leaves half a second of silence
_BETWEEN_KEYS = 0.02
_BETWEEN_LINES = 0.3
# Letters that no message and no part of the interface has: one that shows up is the key just pressed.
_LETTERS = [chr(code) for code in range(0x0430, 0x0450)]

_OURS = "interface"
_OTHERS = {"bare text area": "benchmarks.bare_text_area", "bare echo": "benchmarks.bare_echo"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.keypresses", __doc__, rounds=4)
    made.add_argument("--messages", type=options.at_least_one, default=100_000, metavar="N", help="before")
    made.add_argument(
        "--arriving", type=options.at_least_one, default=10_000, metavar="N", help="in all rounds"
    )
    made.add_argument("--conversations", type=options.at_least_one, default=1_000, metavar="N")
    chosen = options.parse(made, arguments)
    with new_home() as home, ExitStack() as running:
        home.make_profile()
        arrive = running.enter_context(running_nodes(home, chosen.messages, chosen.conversations))
        sides = {_OURS: running.enter_context(Terminal(home.command()))}
        for label, module in _OTHERS.items():
            sides[label] = running.enter_context(Terminal([sys.executable, "-m", module]))
        sides[_OURS].read_until(NEWEST_TEXT.encode())
        sides["bare echo"].read_until(bare_echo.READY)
        for terminal in sides.values():
            terminal.read_until_quiet(_SETTLED, timeout=_SETTLING)
        _measure(sides, arrive, _portions(chosen.arriving, chosen.rounds))
    return 0


def _portions(count: int, rounds: int) -> list[int]:
    """`count` in up to so many parts."""
    parts = [count // rounds] * (rounds - 1)
    return [part for part in (*parts, count - sum(parts)) if part]


def _measure(sides: dict[str, Terminal], arrive: Callable[[int], None], portions: Sequence[int]) -> None:
    """At rest and while messages arrive in turn, so that both meet the same machine."""
    at_rest: dict[str, list[float]] = defaultdict(list)
    meanwhile: dict[str, list[float]] = defaultdict(list)
    took = 0.0
    for portion in portions:
        for label, terminal in sides.items():
            at_rest[label] += _line(terminal)
        began = time.perf_counter()
        arrive(portion)
        _type_until(ARRIVAL.format(number=portion).encode(), sides, meanwhile)
        took += time.perf_counter() - began
    report.heading(f"From a key to its letter on screen, at rest ({len(portions)} rounds)")
    for label, seconds in at_rest.items():
        report.Series(label, seconds, "ms").show_spread()
    rate = sum(portions) / took
    report.heading(f"The same while {sum(portions):,} messages arrive in {took:.1f} s ({rate:.0f} a second)")
    for label, seconds in meanwhile.items():
        report.Series(label, seconds, "ms").show_spread()
    report.limit(report.Series(_OURS, meanwhile[_OURS], "ms"), at_most=AT_MOST_SECONDS)


def _type_until(last: bytes, sides: dict[str, Terminal], seconds: dict[str, list[float]]) -> None:
    """A line into each terminal in turn until the interface has shown `last`."""
    ours = sides[_OURS]
    shown = bytearray()
    while last not in shown:
        for label, terminal in sides.items():
            seconds[label] += _line(terminal, ours, shown)
    ours.read_until_quiet(_SETTLED, timeout=_SETTLING)


def _line(terminal: Terminal, ours: Terminal | None = None, shown: bytearray | None = None) -> list[float]:
    """Type a line and clear it: for each key the seconds until it was on screen.

    Args:
        ours: is read meanwhile, too, lest it waits for somebody to read what it draws.
        shown: takes all that it wrote.
    """
    watched = terminal if ours is None else ours
    seconds = []
    for letter in [*_LETTERS, None]:
        terminal.forget()
        watched.forget()
        before = time.perf_counter()
        if letter is None:
            terminal.write(_CLEAR)
        else:
            terminal.write(letter.encode())
            seconds.append(terminal.read_until(letter.encode()) - before)
        pause = _BETWEEN_LINES if letter is None else _BETWEEN_KEYS
        watched.read_until_quiet(pause, timeout=pause)
        if terminal is not watched:
            terminal.read_until_quiet(0.0)
        if shown is not None:
            shown += watched.output
    return seconds


if __name__ == "__main__":
    sys.exit(main())
