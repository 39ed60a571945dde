"""The error root, split into what this person can mend and what a peer did.

Every `TuichatError` carries a sentence for the person, a hint of what to do next, and the command line's
exit code. Errors never print and never exit; `tuichat/cli` does both in one place.
"""

from __future__ import annotations

from typing import ClassVar


class TuichatError(Exception):
    """Something a person should hear about.

    Args:
        message: one sentence that says what happened (already translated).
        hint: one sentence that says what to do next, or "".
        candidates: names to choose among, for a name that fits several or none.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "", candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.candidates = candidates


class UsageError(TuichatError):
    """The words of a command, a setting or an address do not fit."""

    exit_code = 2
    code = "usage"


class UnreachableError(TuichatError):
    """No node, or no tor."""

    exit_code = 3
    code = "unreachable"


class KeyNotTrustedError(TuichatError):
    """A contact's key is not trusted, or it changed."""

    exit_code = 4
    code = "key_not_trusted"


class NotYetError(TuichatError):
    """Queued, but not in the awaited state in time."""

    exit_code = 5
    code = "not_yet"


class LockedError(TuichatError):
    """The profile is locked, or the passphrase is wrong."""

    exit_code = 6
    code = "locked"


class NotFoundError(TuichatError):
    """No such contact, message or file; or several fit."""

    exit_code = 7
    code = "not_found"


class DeniedError(TuichatError):
    """A token does not open this."""

    code = "denied"


class DamagedError(TuichatError):
    """A file of the profile cannot be read as what it should be; it was left as it is or set aside."""

    code = "damaged"


class StorageError(TuichatError):
    """The disk is full or fails; nothing of the operation was kept, unless who raises it says otherwise."""

    code = "storage"


class PeerError(Exception):
    """A peer broke the protocol. It ends that peer's link, silently; nothing of it is shown or logged."""
