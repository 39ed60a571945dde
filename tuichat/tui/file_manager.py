"""A folder in the person's own file manager: the folder alone, never a file in it, and by no shell."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

_PROGRAM: Final = "xdg-open"
_LOOKS: Final = 20
_PAUSE: Final = 0.1
"""A program that has not failed after so many looks with this pause (seconds) between them is at work."""


def file_manager(environment: Mapping[str, str]) -> str | None:
    """The program that shows folders; None where there is no display, or no such program.

    On macOS there is none: its program would run a folder that is called like an application.
    """
    if sys.platform == "darwin":
        return None
    if not (environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")):
        return None
    return shutil.which(_PROGRAM, path=environment.get("PATH"))


async def show_folder(program: str, folder: Path) -> None:
    """Have a folder shown; the program goes on when this one ends.

    Raises:
        UsageError: it is no folder any more, or the program cannot show it.
    """
    if not await asyncio.to_thread(_is_folder, folder):
        raise UsageError(_("The folder is not there any more."))
    why = await hand_over(program, str(folder))
    if why:
        raise UsageError(
            _("{program} does not show the folder: {why}.").format(program=program, why=why),
            _("Copy its path with f."),
        )


async def hand_over(program: str, argument: str) -> str:
    """Start a program in a session of its own, which goes on when this one ends.

    Returns:
        Why it failed at once; "" if it is at work. The process is not asyncio's, which would end it with the
        interface.
    """
    try:
        process = subprocess.Popen(  # noqa: ASYNC220 - see above
            [program, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        return reason_of(error)
    threading.Thread(target=process.wait, daemon=True, name=program).start()
    for _look in range(_LOOKS):
        if process.returncode is not None:
            break
        await asyncio.sleep(_PAUSE)
    return _("it ended with {code}").format(code=process.returncode) if process.returncode else ""


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
