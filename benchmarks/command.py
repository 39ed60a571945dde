"""How long `tuichat send` takes beside a Python that does nothing, and what it loads.

Claim: a message is handed to a running node at most 0.2 s later than `python -c pass` ends, and neither
Textual nor aiohttp is imported for it. What both commands computed is told as well: other load on the machine
disturbs that less.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from benchmarks import options, report
from benchmarks.homes import PEER, ROOT, new_home

AT_MOST_SECONDS = 0.2
NOT_LOADED = frozenset({"textual", "aiohttp"})

_LOADED: Final[re.Pattern[str]] = re.compile(r"^import time:.*\| *([\w.]+)\n", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.command", __doc__, rounds=15)
    chosen = options.parse(made, arguments)
    with new_home() as home:
        home.make_profile()
        home.fill(100)
        home.start()
        send = home.command("send", PEER, "hello")
        nothing = [sys.executable, "-c", "pass"]
        ours, other = [], []
        for _ in range(chosen.rounds):
            ours.append(timed(send))
            other.append(timed(nothing))
        loaded = loaded_by(home.command("send", PEER, "hello"))
    report.heading(f"A command to a running node ({chosen.rounds} rounds)")
    for number, what in enumerate(("to its end", "computed")):
        report.difference(
            report.Series(f"tuichat send, {what}", [each[number] for each in ours], "ms"),
            report.Series(f"python -c pass, {what}", [each[number] for each in other], "ms"),
            at_most=AT_MOST_SECONDS,
        )
    wrong = sorted(loaded & NOT_LOADED)
    print(f"  modules loaded by send: {len(loaded)}; of {', '.join(sorted(NOT_LOADED))}: {wrong or 'none'}")
    return 0


def timed(command: Sequence[str], *, home: str | None = None) -> tuple[float, float]:
    """Seconds until the command has ended, and what it computed; `home` is another one than this person's."""
    environment = os.environ if home is None else {**os.environ, "HOME": home}
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=ROOT, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return took, used.ru_utime + used.ru_stime


def loaded_by(command: Sequence[str]) -> set[str]:
    """The top-level modules that a Python command imports, as the interpreter itself tells."""
    return {name.partition(".")[0] for name in imports_of(command)}


def imports_of(command: Sequence[str]) -> list[str]:
    """All modules that it imports, or looks for in vain, in the order in which they are complete."""
    traced = [command[0], "-X", "importtime", *command[1:]]
    said = subprocess.run(
        traced, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=ROOT
    )
    return _LOADED.findall(said.stderr)


if __name__ == "__main__":
    sys.exit(main())
