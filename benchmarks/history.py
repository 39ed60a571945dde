"""What the interface computes for a step in a long history, and how late it hears a key while messages come.

Claims, with 100,000 messages in the conversation:
  - a page up, an arriving message and another size of the window take under 50 ms of the interface's time;
  - a keypress is on screen within 50 ms at all times, also while 1,000 messages arrive.

The interface runs as its own process in a pseudo terminal, its node in another one, where a peer's node is
joined to it without a network between them: messages come as fast as two nodes can write them to disk. The
time of a step is all that the interface's process computes from the key, message or signal until the screen
is quiet again, drawing included; what other programs do meanwhile does not count. A keypress's time is wall
time, from the key to the bytes that show it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

from benchmarks import options, report
from benchmarks.homes import NEWEST_TEXT, ROOT, Home, new_home
from benchmarks.processes import processor_seconds
from benchmarks.terminal import Terminal
from benchmarks.two_nodes import ARRIVAL

AT_MOST_SECONDS = 0.05
COLUMNS, ROWS = 100, 30

_PAGE_UP = b"\x1b[5~"
_CLEAR = b"\x15"  # Ctrl+U
_QUIET = 0.2
_SETTLED, _SETTLING = 0.4, 5.0  # the blinking cursor leaves half a second of silence
_BETWEEN_KEYS = 0.02
_BETWEEN_LINES = 0.3
# Letters that no message and no part of the interface has: one that shows up is the key just pressed.
_LETTERS = [chr(code) for code in range(0x0430, 0x0450)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.history", __doc__, rounds=40)
    made.add_argument("--messages", type=options.at_least_one, default=100_000, metavar="N")
    made.add_argument("--arriving", type=options.at_least_one, default=10_000, metavar="N")
    made.add_argument("--conversations", type=options.at_least_one, default=1_000, metavar="N")
    chosen = options.parse(made, arguments)
    with new_home() as home:
        home.make_profile()
        with (
            _nodes(home, chosen.messages, chosen.conversations) as nodes,
            Terminal(home.command(), columns=COLUMNS, rows=ROWS) as ui,
        ):
            ui.read_until(NEWEST_TEXT.encode())
            ui.read_until_quiet(_SETTLED, timeout=_SETTLING)
            _steps(ui, nodes, chosen.messages, chosen.rounds)
            _keys(ui, nodes, chosen.arriving)
    return 0


@contextmanager
def _nodes(home: Home, *sizes: int) -> Iterator[Callable[[int], None]]:
    """The two nodes, with so many messages and other conversations; what is given lets messages arrive."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.two_nodes", str(home.paths.home), *map(str, sizes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def arrive(count: int) -> None:
        stdin.write(b"%d\n" % count)
        stdin.flush()

    with process:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the nodes did not start")
        yield arrive


def _steps(ui: Terminal, arrive: Callable[[int], None], messages: int, rounds: int) -> None:
    sizes = cycle(((COLUMNS + 40, ROWS + 10), (COLUMNS, ROWS)))
    idle = [_computed(ui, lambda: None) for _ in range(rounds)]
    paged = [_computed(ui, lambda: ui.write(_PAGE_UP)) for _ in range(rounds)]
    resized = [_computed(ui, lambda: ui.resize(*next(sizes))) for _ in range(rounds + rounds % 2)]
    ui.write(b"\x1b[1;3F")  # Alt+End: back to where messages arrive
    ui.read_until_quiet(_SETTLED, timeout=_SETTLING)
    appended = [_computed(ui, lambda: arrive(1)) for _ in range(rounds)]
    report.heading(f"The interface's own time for a step, {messages:,} messages ({rounds} rounds)")
    report.Series("nothing happens", idle, "ms").show_spread()
    for label, values in (("page up", paged), ("resize", resized), ("append", appended)):
        report.Series(label, values, "ms").show_spread()
        report.limit(report.Series(label, values, "ms"), at_most=AT_MOST_SECONDS)


def _computed(ui: Terminal, step: Callable[[], None]) -> float:
    """What the interface computes from `step` until its screen is quiet."""
    before = processor_seconds(ui.pid)
    step()
    ui.read_until_quiet(_QUIET)
    return processor_seconds(ui.pid) - before


def _keys(ui: Terminal, arrive: Callable[[int], None], count: int) -> None:
    """Lines at rest and lines while messages arrive take turns, so that both meet the same machine."""
    at_rest: list[float] = []
    meanwhile: list[float] = []
    took = 0.0
    for portion in _portions(count):
        at_rest += _line(ui, bytearray())
        began = time.perf_counter()
        arrive(portion)
        last, shown = ARRIVAL.format(number=portion).encode(), bytearray()
        while last not in shown:
            shown.clear()
            meanwhile += _line(ui, shown)
        took += time.perf_counter() - began
        ui.read_until_quiet(_BETWEEN_LINES)
    report.heading(f"From a key to its letter on screen, while {count:,} messages arrive in {took:.1f} s")
    report.Series("at rest", at_rest, "ms").show_spread()
    report.Series("while messages arrive", meanwhile, "ms").show_spread()
    report.limit(report.Series("while messages arrive", meanwhile, "ms"), at_most=AT_MOST_SECONDS)


def _portions(count: int) -> list[int]:
    """`count` in up to four parts."""
    parts = [count // 4] * 3
    return [part for part in (*parts, count - sum(parts)) if part]


def _line(ui: Terminal, shown: bytearray) -> list[float]:
    """Type a line and clear it: for each key the seconds until it was on screen; all output into `shown`."""
    seconds = []
    for letter in _LETTERS:
        ui.forget()
        key, before = letter.encode(), time.perf_counter()
        ui.write(key)
        seconds.append(ui.read_until(key) - before)
        ui.read_until_quiet(_BETWEEN_KEYS, timeout=_BETWEEN_KEYS)
        shown += ui.output
    ui.forget()
    ui.write(_CLEAR)
    ui.read_until_quiet(_BETWEEN_LINES, timeout=_BETWEEN_LINES)
    shown += ui.output
    return seconds


if __name__ == "__main__":
    sys.exit(main())
