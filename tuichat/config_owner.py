"""Who else may change the settings: where they name programs that are run as this person, nobody may."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Literal

from tuichat.errors import UsageError
from tuichat.i18n import _

NAME_PROGRAMS: Final = ("tor.binary", "tor.extra_torrc", "hooks")
"""The settings by which others could have something run."""


def who_may_change(status: os.stat_result) -> Literal["owner", "mode", ""]:
    """By what others may change a file: it is another's, or its mode lets them; "" if they may not."""
    if status.st_uid not in (0, os.getuid()):
        return "owner"
    return "mode" if stat.S_ISREG(status.st_mode) and status.st_mode & 0o022 else ""


def check_owner(path: Path, setting: str) -> None:
    """Refuse a file at `path` that others may change, since it has `setting`, which names a program.

    What is no plain file was handed over by whoever named it.

    Raises:
        UsageError: its owner is neither this user nor root, or its mode lets others write.
    """
    try:
        status = path.stat()
    except OSError:  # it is gone meanwhile: what was read is what was meant
        return
    if not stat.S_ISREG(status.st_mode):
        return
    if by := who_may_change(status):
        from shlex import quote  # few files are such

        closing = f"sudo chown {os.getuid()}" if by == "owner" else "chmod 600"
        command = f"{closing} {quote(str(path))}"
        raise UsageError(
            _("Others may change {path}, and {setting} in it says what is run as you.").format(
                path=path, setting=setting
            ),
            _("See what it says, then close it: {command}").format(command=command),
        )
