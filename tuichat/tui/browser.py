"""A link in the person's own browser: by no shell, and only where a browser can be seen."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.tui.file_manager import file_manager, hand_over


def browser(environment: Mapping[str, str]) -> str | None:
    """The program that opens links in a browser; None where there is no display, or no such program."""
    if sys.platform == "darwin":
        return shutil.which("open", path=environment.get("PATH"))
    return file_manager(environment)


async def open_link(program: str, url: str) -> None:
    """Have a link opened; the browser goes on when this one ends. Raises UsageError."""
    if not url.lower().startswith(("http://", "https://")):
        raise UsageError(_("Only links to pages are opened."))
    why = await hand_over(program, url)
    if why:
        raise UsageError(
            _("{program} does not open the link: {why}.").format(program=program, why=why),
            _("Copy it with c."),
        )
