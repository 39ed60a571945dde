"""The token that whoever asks over HTTP has to show: a line of a file that only its owner can read."""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path
from typing import Final

from tuichat.clock import Rng
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

RANDOM_BYTES: Final = 32
SHORTEST: Final = 32
"""Characters that a token of somebody's own must have at least."""

_LONGEST: Final = 512
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750, 2.1


def read_token(path: Path) -> str:
    """The token in the file at `path`.

    Raises:
        UsageError: there is no such file, others may read it, or it holds no token.
        StorageError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UsageError(
            _("There is no token for HTTP in {path}.").format(path=path), _("Make one: tuichat daemon token")
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        _check_private(path, os.fstat(descriptor))
        text = os.read(descriptor, _LONGEST + 1).decode("utf-8", "replace").strip()
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    if not SHORTEST <= len(text) <= _LONGEST or not _TOKEN.fullmatch(text):
        raise UsageError(
            _("The file {path} holds no token.").format(path=path),
            _(
                "It is one line of at least {count} letters and digits. Make one: tuichat daemon token --new"
            ).format(count=SHORTEST),
        )
    return text


def make_token(path: Path, rng: Rng, *, replace: bool) -> bool:
    """Write a new token (mode 0600) to `path`, if none is there or it is to be replaced; whether it was.

    Raises:
        StorageError: it cannot be written.
    """
    if not replace and os.path.lexists(path):
        return False
    line = base64.urlsafe_b64encode(rng.bytes(RANDOM_BYTES)).rstrip(b"=") + b"\n"
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(unfinished, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(line)
        unfinished.rename(path)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {why}.").format(path=path, why=reason_of(error))
        ) from error
    return True


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(_("{path} is no file.").format(path=path), _("Name one with http.token_file."))
    if found.st_mode & 0o077 or found.st_uid not in (os.geteuid(), 0):
        raise UsageError(
            _("Others can read the token in {path}.").format(path=path),
            _("Keep it to yourself, chmod 600, and make a new one: tuichat daemon token --new"),
        )


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(_("{path} cannot be read: {why}.").format(path=path, why=reason_of(error)))
