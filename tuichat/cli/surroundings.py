"""What is known of the computer and the terminal around a command; a test makes up others."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tuichat.cli.terminal_cells import cells_taken

_PR_GET_DUMPABLE: Final = 3
_ASK_SECONDS: Final = 2.0
_MOST_PARENTS: Final = 32


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system is: its device as "major:minor", its type, and its options."""

    place: Path
    device: str
    kind: str
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts that the doctor judges.

    Attributes:
        environment: the process's.
        root: below it are the kernel's own files, proc and sys.
        core_limit, lock_limit: bytes of a core dump and of locked memory that a process may have, -1 for any.
        dumpable: whether others of this user may read this process's memory, or it be dumped; None if that
            cannot be asked.
        is_terminal: whether somebody sits before it.
        columns, lines: its size.
        pid: of this process.
        ask: runs a program, and gives its output, None if it failed.
        cells: how many cells the terminal gives each of some texts, None if it does not say.
    """

    environment: Mapping[str, str]
    root: Path = Path("/")
    core_limit: int = 0
    lock_limit: int = 0
    dumpable: bool | None = False
    is_terminal: bool = False
    columns: int = 80
    lines: int = 24
    pid: int = 0
    ask: Callable[[Sequence[str]], str | None] = field(default=lambda _words: None)
    cells: Callable[[Sequence[str]], list[int] | None] = field(default=lambda _texts: None)

    @classmethod
    def here(cls, environment: Mapping[str, str]) -> Surroundings:
        """Those of this process."""
        size = shutil.get_terminal_size()
        return cls(
            environment=environment,
            core_limit=resource.getrlimit(resource.RLIMIT_CORE)[0],
            lock_limit=resource.getrlimit(resource.RLIMIT_MEMLOCK)[0],
            dumpable=_dumpable(),
            is_terminal=os.isatty(0) and os.isatty(1),
            columns=size.columns,
            lines=size.lines,
            pid=os.getpid(),
            ask=_ask,
            cells=cells_taken,
        )

    def read(self, path: str) -> str | None:
        """A file of the kernel's, by its path without the leading slash; None if there is none."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def mount_of(self, path: Path) -> Mount | None:
        """The file system that `path`, absolute and without links, is in."""
        found: Mount | None = None
        for line in (self.read("proc/self/mountinfo") or "").splitlines():
            mount = _mount(line)
            # Of two at one place the later one hides the other.
            if mount is not None and path.is_relative_to(mount.place):
                found = mount if found is None or mount.place.is_relative_to(found.place) else found
        return found

    def parents(self) -> list[str]:
        """The names of the processes above this one, the nearest first."""
        names: list[str] = []
        pid = self.pid
        while pid > 1 and len(names) < _MOST_PARENTS:
            status = self.read(f"proc/{pid}/status")
            if status is None:
                break
            words = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            names.append(words.get("Name", ""))
            pid = int(words.get("PPid", "0"))
        return names[1:]

    def is_encrypted(self, device: str) -> bool:
        """Whether a block device, by a name or numbers that sys knows it by, lies on an encrypted one."""
        return self._is_encrypted(Path("sys/dev/block" if ":" in device else "sys/class/block") / device, 8)

    def _is_encrypted(self, place: Path, depth: int) -> bool:
        if (self.read(f"{place}/dm/uuid") or "").startswith("CRYPT-"):
            return True
        try:
            below = sorted(path.name for path in (self.root / place / "slaves").iterdir())
        except OSError:
            return False
        inner = [self._is_encrypted(Path("sys/class/block") / name, depth - 1) for name in below if depth]
        return bool(inner) and all(inner)


def _mount(line: str) -> Mount | None:
    """A line of /proc/self/mountinfo, as proc(5) describes it."""
    about, _dash, behind = line.partition(" - ")
    fields, rest = about.split(" "), behind.split(" ")
    if len(fields) < 6 or len(rest) < 3:
        return None
    options = frozenset([*fields[5].split(","), *rest[2].split(",")])
    return Mount(Path(_unescaped(fields[4])), fields[2], rest[0], options)


def _unescaped(text: str) -> str:
    """Blanks and their like, which the kernel writes in octal."""
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(code, character)
    return text


def _dumpable() -> bool | None:
    try:
        answer: int = ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer == 1


def _ask(words: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_ASK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
