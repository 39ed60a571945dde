"""How soon the interface is on screen, and what the interface and the node take of memory.

Claims, for a profile without passphrase, with 10,000 stored messages and a running node:
  - first paint at most 1.3 times as late as that of a Textual program with one line of text;
  - the interface has at most 65 MB;
  - a node, 10 s after it was unlocked with a passphrase, has at most 15 MB more than a Python that imported
    the libraries it uses, and those at most 50 MB (tor is a process of its own and not counted).

Both programs run in a pseudo terminal of 100x30. The time is from the start of the process to the first
bytes of its screen; another line says when the newest message is there, too. The same ratio of what both
programs computed until then is told as well: other load on the machine disturbs that less.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import options, report
from benchmarks.homes import NEWEST_TEXT, ROOT, Home, new_home
from benchmarks.processes import processor_seconds, proportional_mb, resident_mb
from benchmarks.terminal import Terminal
from benchmarks.trivial_app import PAINTED

AT_MOST_RATIO = 1.3
AT_MOST_INTERFACE_MB = 65.0
AT_MOST_LIBRARIES_MB = 50.0
AT_MOST_MORE_MB = 15.0

_PASSPHRASE = "correct horse"
_FIRST_WORDS = b"F1 help"
_LIBRARIES = (
    "aiohttp, aiohttp.web, aiohttp_socks, apsw, asyncio, cryptography.hazmat.primitives.asymmetric.mlkem, "
    "msgspec, nacl.bindings, stem.socket"
)
SILENT_TOR = '[tor]\nextra_torrc = "{torrc}"\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.interface", __doc__, rounds=9)
    made.add_argument("--messages", type=options.at_least_one, default=10_000, metavar="N")
    made.add_argument("--settle", type=float, default=10.0, metavar="SECONDS", help="before memory is read")
    made.add_argument("--no-memory", action="store_true", help="first paint only")
    chosen = options.parse(made, arguments)
    with new_home() as home:
        home.make_profile()
        home.fill(chosen.messages)
        home.start()
        _first_paint(home, chosen.messages, chosen.rounds)
        if not chosen.no_memory:
            _interface_memory(home, chosen.settle)
    if not chosen.no_memory:
        _node_memory(chosen.messages, chosen.settle)
    return 0


def _first_paint(home: Home, messages: int, rounds: int) -> None:
    trivial = [sys.executable, "-m", "benchmarks.trivial_app"]
    ours, other, complete = [], [], []
    for _ in range(rounds):
        with Terminal(home.command()) as terminal:
            ours.append(_painted(terminal, _FIRST_WORDS))
            complete.append(_painted(terminal, NEWEST_TEXT.encode()))
        with Terminal(trivial) as terminal:
            other.append(_painted(terminal, PAINTED.encode()))
    report.heading(f"First paint with {messages:,} messages ({rounds} rounds)")
    for number, what in enumerate(("", ", computed")):
        report.compare(
            report.Series(f"interface, first paint{what}", [each[number] for each in ours]),
            report.Series(f"trivial Textual program{what}", [each[number] for each in other]),
            at_most=AT_MOST_RATIO,
        )
    report.Series("interface, newest message on screen", [each[0] for each in complete]).show()


def _painted(terminal: Terminal, words: bytes) -> tuple[float, float]:
    """Seconds from the start until these words are on screen, and what the program computed for it."""
    at = terminal.read_until(words)
    return at - terminal.started, processor_seconds(terminal.pid)


def _interface_memory(home: Home, settle: float) -> None:
    report.heading(f"Memory of the interface, {settle:g} s after its first paint")
    with Terminal(home.command()) as terminal:
        terminal.read_until(NEWEST_TEXT.encode())
        terminal.read_until_quiet(settle, timeout=settle)
        _read_for(terminal, settle)
        ours = report.Series("interface", [resident_mb(terminal.pid)], "MB")
        shared = proportional_mb(terminal.pid)
    with Terminal([sys.executable, "-m", "benchmarks.trivial_app"]) as terminal:
        terminal.read_until(PAINTED.encode())
        report.Series("trivial Textual program", [resident_mb(terminal.pid)], "MB").show()
    report.limit(ours, at_most=AT_MOST_INTERFACE_MB)
    if shared is not None:
        report.Series("interface, shared pages divided", [shared], "MB").show()


def _read_for(terminal: Terminal, seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        terminal.read_until_quiet(left, timeout=left)


def _node_memory(messages: int, settle: float) -> None:
    """A tor runs, so that all of the node does, but with its network switched off."""
    with tempfile.TemporaryDirectory(prefix="tcb") as directory:
        torrc = Path(directory) / "torrc"
        torrc.write_text("DisableNetwork 1\n", encoding="utf-8")
        phrase = Path(directory) / "passphrase"
        phrase.write_text(_PASSPHRASE, encoding="utf-8")
        phrase.chmod(0o600)
        with new_home(SILENT_TOR.format(torrc=torrc)) as home:
            home.make_profile(_PASSPHRASE)
            home.fill(messages, _PASSPHRASE)
            home.start("--passphrase-file", str(phrase))
            time.sleep(settle)
            node = report.Series("node", [resident_mb(home.node_pid)], "MB")
    bare = report.Series("its libraries, imported", [bare_import()], "MB")
    report.heading(f"Memory of a node with {messages:,} messages, {settle:g} s after it was unlocked")
    report.difference(node, bare, at_most=AT_MOST_MORE_MB)
    report.limit(bare, at_most=AT_MOST_LIBRARIES_MB)


def bare_import() -> float:
    """Memory of a Python that has the libraries of a node and nothing else."""
    code = f"import {_LIBRARIES}\nprint(flush=True)\ninput()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        memory = resident_mb(process.pid)
        process.communicate(b"\n")
    return memory


if __name__ == "__main__":
    sys.exit(main())
