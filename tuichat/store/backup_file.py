"""A backup: identity and database in one file, sealed under a passphrase. Integers big-endian:

    offset  size  field
         0     4  "TUIB"
         4     1  version = 2
         5   102  the wrapped key, without its second slot (tuichat/crypto/passphrase.py)
       107    32  salt
       139    32  BLAKE2b-256 of all before it
       171    24  header of the stream (tuichat/crypto/backup_stream.py)
       195     n  the content in chunks of 65,536 bytes, the last 1 to 65,536, each sealed with 17 bytes more

The stream's key is KDF(key, "backup", salt, 32), and the first 139 bytes are bound to every chunk. The key
may be the one that the profile's own passphrase opens, so the salt makes each backup's key its own. The
check at 139 tells damage from a wrong passphrase; it keeps nobody out. Version 1
has a wrapped key of version 1, of 101 bytes. The content:

    offset  size  field
         0     2  length m of the manifest
         2     m  manifest (msgpack array)
     2 + m        zeros up to offset 1,024
     1,024        the database, encrypted under the key in the manifest
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal

import msgspec

from tuichat.clock import Rng
from tuichat.crypto.backup_stream import HEADER_LENGTH, OVERHEAD, StreamOpener, StreamSealer
from tuichat.crypto.kdf import blake2b_256, kdf
from tuichat.crypto.passphrase import (
    FIRST_VERSION_LENGTH,
    PORTABLE_LENGTH,
    Secret,
    needs_key_file,
    portable,
    unwrap,
)
from tuichat.crypto.sealing import UnopenableError
from tuichat.errors import DamagedError, StorageError
from tuichat.i18n import _
from tuichat.store.identity_file import Content
from tuichat.store.profile_paths import shown

CHUNK: Final = 65_536
MANIFEST_ROOM: Final = 1024

_MAGIC = b"TUIB"
_WRAPPED_LENGTHS = {b"\x01": FIRST_VERSION_LENGTH, b"\x02": PORTABLE_LENGTH}
_PREFIX = len(_MAGIC) + 1
_SALT_LENGTH = 32
_CHECK_LENGTH = 32


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a backup says of itself. Nothing of it is in the repr.

    Attributes:
        made_at: when, in milliseconds.
        size: of the database, in bytes.
        visibility: who could connect to the service.
        content: the identity; its `database_key` is the one of this copy of the database.
    """

    made_at: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    size: Annotated[int, msgspec.Meta(ge=1, le=2**48)]
    visibility: Literal["public", "contacts"]
    content: Content

    def __repr__(self) -> str:
        return "<Manifest>"


@dataclass(frozen=True, slots=True)
class BackupKey:
    """A random key and how a passphrase opens it (tuichat/crypto/passphrase.py)."""

    key: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


def write_backup(
    to: BinaryIO, sealed_by: BackupKey, manifest: Manifest, database: BinaryIO, rng: Rng
) -> None:
    """Write a whole backup; `database` has `manifest.size` bytes. Raises OSError."""
    wrapped = portable(sealed_by.wrapped)
    version = next(byte for byte, length in _WRAPPED_LENGTHS.items() if length == len(wrapped))
    bound = _MAGIC + version + wrapped + rng.bytes(_SALT_LENGTH)
    sealer = StreamSealer(_stream_key(sealed_by.key, bound), bound)
    to.write(bound + blake2b_256(bound) + sealer.header)
    encoded = msgspec.msgpack.encode(manifest)
    chunk = (len(encoded).to_bytes(2) + encoded).ljust(MANIFEST_ROOM, b"\0")
    left = manifest.size
    while True:
        piece = database.read(min(CHUNK - len(chunk), left))
        if not piece:
            raise EOFError("the database is shorter than it was")
        left -= len(piece)
        to.write(sealer.seal(chunk + piece, last=left == 0))
        if left == 0:
            return
        chunk = b""


class BackupReader:
    """Reads a backup from `source`, which is called `path` in sentences.

    Attributes:
        manifest: what it says of itself.
        needs_key_file: whether it opens with a key file only.

    Raises:
        LockedError: the secret is wrong.
        DamagedError: it is no backup, or was changed or cut. StorageError: a newer version made it.
        OSError: it cannot be read.
    """

    def __init__(self, source: BinaryIO, path: Path, secret: str | Secret) -> None:
        self._source = source
        self._path = path
        bound = read_head(source, path)
        header = source.read(HEADER_LENGTH)
        self.needs_key_file = needs_key_file(wrapped_in(bound))
        key = _stream_key(unwrap(wrapped_in(bound), secret), bound)
        try:
            self._opener = StreamOpener(key, bound, header)
        except UnopenableError:
            raise _damaged(path) from None
        first = self._next()
        self.manifest = self._manifest(first[:MANIFEST_ROOM])
        self._rest = first[MANIFEST_ROOM:]

    def copy_database(self, to: BinaryIO) -> None:
        """Write the database, every byte of it checked; what was written before a failure is worth nothing.

        Raises:
            DamagedError: the backup was changed or cut. OSError: reading or writing failed.
        """
        count = len(self._rest)
        to.write(self._rest)
        while not self._opener.ended:
            chunk = self._next()
            count += len(chunk)
            to.write(chunk)
        if count != self.manifest.size or self._source.read(1):
            raise _damaged(self._path)

    def _next(self) -> bytes:
        try:
            return self._opener.open(self._source.read(CHUNK + OVERHEAD))
        except UnopenableError:
            raise _damaged(self._path) from None

    def _manifest(self, block: bytes) -> Manifest:
        length = int.from_bytes(block[:2])
        try:
            return msgspec.msgpack.decode(block[2 : 2 + length], type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _damaged(self._path) from None


def read_head(source: BinaryIO, path: Path) -> bytes:
    """The first 139 bytes of a backup, 138 in version 1, checked without its passphrase.

    Raises:
        DamagedError: it is no backup, or was changed or cut. StorageError: a newer version made it.
        OSError: it cannot be read.
    """
    head = source.read(_PREFIX)
    version = head[len(_MAGIC) :]
    bound_length = _PREFIX + _WRAPPED_LENGTHS.get(version, PORTABLE_LENGTH) + _SALT_LENGTH
    head += source.read(bound_length - _PREFIX + _CHECK_LENGTH)
    if head[: len(_MAGIC)] != _MAGIC:
        raise DamagedError(
            _("{path} is no backup of tuichat.").format(path=shown(path)),
            _("Name the file that tuichat backup made."),
        )
    bound, check = head[:bound_length], head[bound_length:]
    if blake2b_256(bound) != check:
        raise _damaged(path)
    if version not in _WRAPPED_LENGTHS:
        raise StorageError(
            _("{path} was made by a newer tuichat.").format(path=shown(path)), _("Use the newer version.")
        )
    return bound


def _damaged(path: Path) -> DamagedError:
    return DamagedError(
        _("{path} is damaged or cut off, so nothing of it was restored.").format(path=shown(path)),
        _("Use another copy of it, or an older backup."),
    )


def _stream_key(key: bytes, bound: bytes) -> bytes:
    return kdf(key, "backup", bound[-_SALT_LENGTH:], 32)


def wrapped_in(bound: bytes) -> bytes:
    """The wrapped key in the head of a backup."""
    return bound[_PREFIX:-_SALT_LENGTH]
