"""What is wrong with files that a person wants to send."""

from __future__ import annotations

import os
from pathlib import Path

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of


class UnreadableError(TuichatError):
    """A file or a folder cannot be read, or is nothing that can be sent."""

    code = "unreadable"


class UncleanedError(TuichatError):
    """The metadata of a picture could not be taken out; no copy was made."""

    code = "uncleaned"


def unreadable(path: Path, failure: OSError) -> UnreadableError:
    """The sentence for a file or a folder that the system does not let us read."""
    reason = reason_of(failure)
    return UnreadableError(
        _("{path} cannot be read: {reason}.").format(path=shown(path), reason=reason),
        _("Check its name and its permissions."),
    )


def shown(path: Path) -> str:
    """A path as it may be printed: nothing in it moves a terminal."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
