"""The text of a request: as it is sent, and as it is kept."""

from __future__ import annotations

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import MAX_REQUEST_BYTES
from tuichat.protocol.sanitize import sanitize_text


def check_request_text(text: str) -> str:
    """The text of my request as it is sent.

    Raises:
        UsageError: longer than `MAX_REQUEST_BYTES`.
    """
    clean = sanitize_text(text)
    if len(clean.encode()) > MAX_REQUEST_BYTES:
        raise UsageError(
            _("The message of a request has at most {most} bytes.").format(most=MAX_REQUEST_BYTES),
            _("Say hello briefly now and the rest once you are contacts."),
        )
    return clean


def kept_request_text(text: str) -> str:
    """The text of anybody's request as it is kept, at most `MAX_REQUEST_BYTES`: sanitising makes some longer
    (a TAB becomes four spaces), and the end of those goes.
    """
    clean = sanitize_text(text).encode()
    # Once more, for what was cut through may not stand by itself; that makes nothing longer.
    return sanitize_text(clean[:MAX_REQUEST_BYTES].decode(errors="ignore"))
