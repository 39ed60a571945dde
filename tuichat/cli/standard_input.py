"""Text from standard input: what other users of the machine must not see, as they see a command's words."""

from __future__ import annotations

import os

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of


def standard_input(most: int) -> str:
    """All of it, at most `most` bytes of UTF-8.

    Raises:
        StorageError: it cannot be read.
        UsageError: it is longer, or no text.
    """
    try:
        with os.fdopen(0, "rb", closefd=False) as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise StorageError(_("Standard input cannot be read: {why}.").format(why=reason_of(error))) from error
    if len(data) > most:
        raise UsageError(_("Standard input is longer than {most} bytes.").format(most=most))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(error) from None


def not_utf_8(error: UnicodeDecodeError) -> UsageError:
    """What to say of standard input in another encoding, or of data that is no text at all."""
    return UsageError(
        _("Standard input is not UTF-8, at byte {position}.").format(position=error.start + 1),
        _("Convert it first; for Latin-1: iconv -f LATIN1 -t UTF-8"),
    )
