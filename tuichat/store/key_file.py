"""A key file: 64 random bytes, needed beside the passphrase. It may lie anywhere, best on another disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tuichat.clock import Rng
from tuichat.crypto.passphrase import KEY_FILE_LENGTH
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.store.files import sync_directory
from tuichat.store.profile_paths import impossible, shown


def make_key_file(path: Path, rng: Rng) -> bytes:
    """Write a new one (0600) where nothing is; its content.

    Raises:
        UsageError: something is there. StorageError: it cannot be written; then nothing is left of it.
    """
    content = rng.bytes(KEY_FILE_LENGTH)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            sync_directory(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
    except FileExistsError:
        raise UsageError(_("{path} is there already.").format(path=shown(path))) from None
    except OSError as failure:
        raise impossible(path, failure) from failure
    return content
