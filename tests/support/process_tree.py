"""Which processes there are, and which of them come from which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `started` (in ticks since the boot) tells it from a later one with the same number."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Seen:
    process: Process
    parent: int
    command: str


def processes_of(root: int, mark: str | None = None) -> set[Process]:
    """The processes below `root`, those with `mark` in their command line, and all below these."""
    seen = _all()
    found = {
        one.process.pid for one in seen if one.parent == root or (mark is not None and mark in one.command)
    }
    while more := {one.process.pid for one in seen if one.parent in found} - found:
        found |= more
    return {one.process for one in seen if one.process.pid in found}


def living(processes: set[Process]) -> set[Process]:
    """Those that have not ended."""
    return processes & {one.process for one in _all()}


def is_at_work(root: int) -> bool:
    """Whether `root` or a process below it computes, or would if a busy machine let it."""
    below = [root]
    while below:
        for task in Path(f"/proc/{below.pop()}/task").glob("*"):
            try:
                state = (task / "stat").read_text().rpartition(")")[2].split()[0]
                children = (task / "children").read_text().split()
            except OSError:
                continue  # it has just ended
            if state not in "SZXI":
                return True
            below += map(int, children)
    return False


def _all() -> list[_Seen]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if fields[0] not in "ZX":
            found.append(_Seen(Process(int(entry.name), int(fields[19])), int(fields[1]), command))
    return found
