"""How this tuichat was started, so that a hint which names a command works when it is typed as it stands."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

_REPEATED = ("home", "profile", "config")
_COMMAND = r"(: |\(|\b[Rr]un |\b[Ss]ee |[\u3000-\u9fff\uff00-\uffef] ?)tuichat (?=(-?)[a-z-])"
"""Where a hint names a command: in Chinese, anywhere that Latin words go on behind the program's name."""


class Invocation:
    """The program and the options before the command, as they were given here.

    Args:
        program: the process's own name, `sys.argv[0]`.
    """

    def __init__(self, program: str) -> None:
        self._program = Path(program)
        self._options: list[str] = []

    def understood(self, words: argparse.Namespace) -> None:
        """From now on hints repeat the options in `words` that say which profile it is."""
        given = [(name, getattr(words, name)) for name in _REPEATED]
        self._options = [f"--{name} {shlex.quote(str(value))}" for name, value in given if value is not None]

    def filled(self, hint: str) -> str:
        """`hint` with the commands in it as they have to be typed."""

        def typed(match: re.Match[str]) -> str:
            options = [] if match[2] else self._options  # a command that begins with options has its own
            return match[1] + " ".join([self._typed_program(), *options]) + " "

        return re.sub(_COMMAND, typed, hint)

    def _typed_program(self) -> str:
        """The program: as a checkout's starter, by its path where it is not in PATH, or plainly."""
        if self._program.name == "__main__.py":
            return _starter(self._program)
        if self._program.name != "tuichat":
            return "tuichat"
        return "tuichat" if _is_in_path(self._program) else shlex.quote(str(self._program))


def _is_in_path(program: Path) -> bool:
    import shutil

    found = shutil.which("tuichat")
    try:
        return found is not None and program.samefile(found)
    except OSError:
        return False


def _starter(main: Path) -> str:
    """What starts the package whose `__main__.py` this is: the checkout's `run`, else Python's own way."""
    current = _current_directory()
    root = (main if current is None else current / main).parent.parent
    if not (root / "run").is_file():
        return "python3 -m tuichat"
    return "./run" if root == current else shlex.quote(str(root / "run"))


def _current_directory() -> Path | None:
    """None if it is gone: a directory can be removed under those who are in it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None
