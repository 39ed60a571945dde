"""What the interface computes for a step in a large profile, and how soon its history is on screen.

Claims, with 1,000 conversations and 1,000,000 messages, half of them in the conversation that is open:
  - the newest messages are on screen at most 1.3 times as late as in a profile with ten messages;
  - a page up, an arriving message and another size of the window take under 50 ms of the interface's time;
  - nothing that a person does keeps the interface's loop for longer than a frame, 33 ms, at a time.

The interface runs as its own process in a pseudo terminal, its node in another one, where a peer's node is
joined to it without a network between them. The time of a step is all that the interface's process computes
from the key, message or signal until the screen is quiet again, drawing included; what other programs do
meanwhile does not count. The longest turn of its loop is told by the interface itself (watched_interface.py),
as what its thread computed meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import cycle

from benchmarks import options, report
from benchmarks.homes import NEWEST_TEXT, Home, new_home
from benchmarks.processes import processor_seconds
from benchmarks.terminal import Terminal
from benchmarks.trivial_app import PAINTED
from benchmarks.two_nodes import running_nodes
from benchmarks.watched_interface import FILE, Steps

AT_MOST_RATIO = 1.3
AT_MOST_SECONDS = 0.05
FRAME_SECONDS = 0.033
COLUMNS, ROWS = 100, 30

_FEW_MESSAGES = 10
_QUIET = 0.2
_SETTLED, _SETTLING = 0.4, 5.0  # the blinking cursor leaves half a second of silence

_HOME, _END, _DOWN, _FIRST = b"\x1b[1;3H", b"\x1b[1;3F", b"\x1b[1;3B", b"\x1b1"  # with Alt
_BOUNDED = frozenset({"page up", "another size", "a message arrives"})

Do = Callable[[], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.history", __doc__, rounds=20)
    made.add_argument("--messages", type=options.at_least_one, default=1_000_000, metavar="N")
    made.add_argument("--conversations", type=options.at_least_one, default=1_000, metavar="N")
    made.add_argument("--starts", type=options.at_least_one, default=9, metavar="N", help="of each program")
    chosen = options.parse(made, arguments)
    sizes = f"{chosen.messages:,} messages, {chosen.conversations:,} conversations"
    with ExitStack() as running:
        large, small = (running.enter_context(new_home()) for _ in range(2))
        for home in (large, small):
            home.make_profile()
        arrive = running.enter_context(running_nodes(large, chosen.messages, chosen.conversations))
        running.enter_context(running_nodes(small, _FEW_MESSAGES, 1))
        _starts(large, small, chosen.starts, sizes)
        _steps(large, arrive, chosen.rounds, sizes)
    return 0


def _starts(large: Home, small: Home, rounds: int, sizes: str) -> None:
    """All three programs take turns."""
    newest = NEWEST_TEXT.encode()
    programs = [
        (sizes, large.command(), newest),
        (f"{_FEW_MESSAGES} messages, 1 conversation", small.command(), newest),
        ("trivial Textual program", [sys.executable, "-m", "benchmarks.trivial_app"], PAINTED.encode()),
    ]
    taken: list[list[tuple[float, float]]] = [[] for _ in programs]
    for _ in range(rounds):
        for (_label, command, words), seconds in zip(programs, taken, strict=True):
            with Terminal(command, columns=COLUMNS, rows=ROWS) as terminal:
                at = terminal.read_until(words)
                seconds.append((at - terminal.started, processor_seconds(terminal.pid)))
    for number, what in enumerate(("", ", computed")):
        report.heading(f"From the start until the newest message is on screen{what} ({rounds} rounds)")
        ours, few, trivial = (
            report.Series(label, [each[number] for each in seconds])
            for (label, *_), seconds in zip(programs, taken, strict=True)
        )
        report.compare(ours, few, at_most=AT_MOST_RATIO)
        report.beside(ours, trivial)


def _steps(home: Home, arrive: Callable[[int], None], rounds: int, sizes: str) -> None:
    file = home.paths.home / "steps"
    command = home.command()
    command[command.index("tuichat")] = "benchmarks.watched_interface"
    with Terminal(command, columns=COLUMNS, rows=ROWS, environment={FILE: str(file)}) as ui:
        ui.read_until(NEWEST_TEXT.encode())
        ui.read_until_quiet(_SETTLED, timeout=_SETTLING)
        report.heading(f"The interface's own time for a step, {sizes} ({rounds} rounds)")
        steps = Steps(file)
        turns = [("its start", max((step.computed for step in steps.new()), default=0.0))]
        for label, do in _acts(ui, arrive):
            computed = report.Series(label, [_computed(ui, do) for _ in range(rounds)], "ms")
            computed.show_spread()
            turns.append((label, max((step.computed for step in steps.new()), default=0.0)))
            if label in _BOUNDED:
                report.limit(computed, at_most=AT_MOST_SECONDS)
    report.heading("Of these the longest turn of its loop")
    for label, longest in turns:
        report.limit(report.Series(label, [longest], "ms"), at_most=FRAME_SECONDS)


def _computed(ui: Terminal, do: Do) -> float:
    """What the interface computes from `do` until its screen is quiet."""
    before = processor_seconds(ui.pid)
    do()
    ui.read_until_quiet(_QUIET)
    return processor_seconds(ui.pid) - before


def _acts(ui: Terminal, arrive: Callable[[int], None]) -> list[tuple[str, Do]]:
    """What is done and how, each from where the one before left the interface."""
    sizes = cycle(((COLUMNS + 40, ROWS + 10), (COLUMNS, ROWS)))
    themes = cycle((b"light", b"dark"))

    def keys(*parts: bytes) -> Do:
        def press() -> None:
            for part in parts[:-1]:
                ui.write(part)
                ui.read_until_quiet(_QUIET)
            ui.write(parts[-1])

        return press

    return [
        ("nothing happens", lambda: None),
        ("page up", keys(b"\x1b[5~")),
        ("another size", lambda: ui.resize(*next(sizes))),
        ("another theme", lambda: ui.write(b"/theme %s\r" % next(themes))),
        ("the oldest messages, and the newest", keys(_HOME, _END)),
        ("a message arrives", lambda: arrive(1)),
        ("the next conversation, and the first", keys(_DOWN, _FIRST)),
        ("the quick switch, a name, and there", keys(b"\x0b", b"contact 7", b"\r", _FIRST)),
        ("a search, and its first message", keys(b"\x06", b"table\r", b"\r", _END)),
        ("the list in a narrow window", lambda: _list(ui)),
    ]


def _list(ui: Terminal) -> None:
    """The window becomes narrow, the list comes and goes, and the window is wide again."""
    ui.resize(50, ROWS)
    ui.read_until_quiet(_QUIET)
    for key in (b"\x1bk", b"\x1b[B", b"\x1bk"):
        ui.write(key)
        ui.read_until_quiet(_QUIET)
    ui.resize(COLUMNS, ROWS)


if __name__ == "__main__":
    sys.exit(main())
