"""The units of systemd that come with tuichat: which there are, where they go, what stands in them here.

A template in `tuichat/data/service` has @WORDS@ that are filled in, and lines that begin with @child or
@system, which are for that kind of tor alone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import tuichat
from tuichat.errors import UsageError
from tuichat.i18n import _

Scope = Literal["user", "system"]
TorMode = Literal["child", "system"]

DATA: Final = Path(tuichat.__file__).parent / "data" / "service"
SYSTEM_UNITS: Final = Path("/etc/systemd/system")
ACCOUNT: Final = "tuichat"
"""The user that a service of the system runs as."""

_HIDDEN: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - named, not used
_PLAIN: Final = re.compile(r"[\w@+=:,./-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """One service.

    Attributes:
        scope: for one person, or for the whole system.
        tor: whose tor it uses: its own, or the system's.
        profile: the profile's name.
        program: the words that start tuichat.
    """

    scope: Scope
    tor: TorMode
    profile: str
    program: tuple[str, ...]

    @property
    def name(self) -> str:
        """The unit's file name."""
        return "tuichat.service" if self.profile == "default" else f"tuichat-{self.profile}.service"

    @property
    def credential(self) -> str:
        """The name of the file in /etc/credstore that holds the passphrase."""
        return self.name.removesuffix(".service") + ".passphrase"

    def path(self, environment: Mapping[str, str]) -> Path:
        """Where systemd looks for it."""
        if self.scope == "system":
            return SYSTEM_UNITS / self.name
        base = Path(environment.get("XDG_CONFIG_HOME", ""))
        if not base.is_absolute():
            base = Path("~/.config").expanduser()
        return base / "systemd" / "user" / self.name

    def text(self) -> str:
        """The whole file."""
        return filled(
            DATA / f"{self.scope}.service",
            self.tor,
            TUICHAT=" ".join(map(_quoted, self.program)),
            PROFILE=self.profile,
            CREDENTIAL=self.credential,
            UNIT=self.name,
        )

    def hidden_program(self) -> str:
        """The program's path, if a service of the system could not see it; "" otherwise."""
        path = self.program[0]
        is_hidden = any(Path(path).is_relative_to(folder) for folder in _HIDDEN)
        return path if self.scope == "system" and is_hidden else ""


def filled(template: Path, tor: TorMode, **words: str) -> str:
    """A template's text with the words in it and the lines for that tor."""
    lines = []
    for line in template.read_text(encoding="utf-8").splitlines():
        mark, _space, rest = line.partition(" ")
        if mark in ("@child", "@system"):
            if mark != f"@{tor}":
                continue
            line = rest
        lines.append(re.sub(r"@([A-Z]+)@", lambda match: words[match[1]], line))
    return "\n".join(lines) + "\n"


def this_program(called: str) -> tuple[str, ...]:
    """The words that start the tuichat that runs, from any directory; `called` is how it was called."""
    program = Path(os.path.abspath(called))  # noqa: PTH100 - a link to it outlives an update
    if program.name == "tuichat" and os.access(program, os.X_OK) and program.is_file():
        return (str(program),)
    return (sys.executable, "-P", "-m", "tuichat")


def _quoted(word: str) -> str:
    """A word of ExecStart=. Raises UsageError for what no line can hold."""
    if not word.isprintable():
        raise UsageError(_("The path of tuichat cannot stand in a unit: {path}.").format(path=ascii(word)))
    text = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
