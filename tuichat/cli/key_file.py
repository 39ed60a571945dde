"""The key file that is needed beside the passphrase: where it is named, what is in it, and a new one."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tuichat.cli.output import in_command, printable, say
from tuichat.errors import LockedError, TuichatError, UnreachableError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

if TYPE_CHECKING:
    from tuichat.bootstrap import ProfilePaths

_LENGTH = 64


def read_key_file(path: Path, option: str, *, warn: bool = True) -> bytes:
    """Its content; `warn`: with a word if others may read it.

    Raises:
        LockedError: it cannot be read, or is no key file; names the `option` that named it.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_LENGTH + 1)
    except (OSError, ValueError) as error:
        why = reason_of(error)
        raise LockedError(
            _("{option}: the key file {path} cannot be read: {why}.").format(
                option=option, path=printable(path), why=why
            ),
            _hint(),
        ) from error
    if len(content) != _LENGTH:
        raise LockedError(
            _("{option}: {path} is no key file: that has 64 bytes.").format(
                option=option, path=printable(path)
            ),
            _hint(),
        )
    if warn and stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        say(_("Others may read the key file. Close it: chmod 600 {path}").format(path=in_command(path)))
    return content


def _hint() -> str:
    return _("Put the key file there, or name another.")


@contextmanager
def new_key_file(path: Path | None, paths: ProfilePaths) -> Iterator[bytes | None]:
    """The content of the file behind a command's own `--key-file`, made if it is not there; None for none.

    What was made is removed again if the command fails and the profile at `paths` certainly does not need it:
    else the error says that it must be kept.

    Raises:
        LockedError: it cannot be read, or is no key file. TuichatError: it cannot be made.
    """
    if path is None or os.path.lexists(path):
        yield None if path is None else read_key_file(path, "--key-file")
        return
    from tuichat import bootstrap

    before = bootstrap.sealed_identity(paths)
    content = bootstrap.make_key_file(path)
    try:
        yield content
    except TuichatError as error:
        if _is_not_needed(error, before, paths):
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            keep = _("Keep the key file {path}: the profile may need it from now on.")
            error.hint = f"{error.hint} {keep.format(path=printable(path.absolute()))}".lstrip()
        raise


def _is_not_needed(error: TuichatError, before: bytes | None, paths: ProfilePaths) -> bool:
    """Whether the profile was certainly not sealed anew; `before`: its identity file as it was.

    What a person gave is looked at before anything is written; and a wrong passphrase is not to be told from
    one that wipes. A node that does not answer may still be at it.
    """
    from tuichat import bootstrap

    if isinstance(error, LockedError | UsageError):
        return True
    is_over = not isinstance(error, UnreachableError)
    return is_over and before is not None and bootstrap.sealed_identity(paths) == before


def advice(path: Path) -> str:
    """What follows from a profile's having a key file."""
    return _(
        "From now on the profile opens with its passphrase and the key file {path} only. Keep a copy of it "
        "elsewhere: without it everything is lost. Name it with --key-file before the command, with "
        "TUICHAT_KEY_FILE, or for good: tuichat config set store.key_file {typed}"
    ).format(path=printable(path.absolute()), typed=in_command(path.absolute()))
