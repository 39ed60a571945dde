"""Files as they travel: sealed in chunks under a key of their own, each named by its hash beforehand.

    blob    list of hashes (32 bytes for each chunk) || sealed chunks, each 16 bytes longer than its plaintext
    chunk   XChaCha20-Poly1305(key, nonce = 16 zero bytes || index 8, AD = id 16 | index 8 | total 8 | last 1)
    hash    BLAKE2b-256 of the sealed chunk, its tag included
    root    BLAKE2b-256("tuichat/1 file" || BLAKE2b-256(key) || size 8 || list of hashes)

Integers are big-endian. The nonce is fixed, so that the same file can be sealed again on demand without
keeping the ciphertext; a key is therefore drawn for one sealing of one file, and whoever seals again compares
each chunk with the list before its first byte leaves: a file that was changed meanwhile would put two
plaintexts under one nonce. The root commits to the key, so nobody can offer two files under one list.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

import nacl.bindings
from nacl.exceptions import CryptoError

from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import PeerError

KEY_LENGTH: Final = 32
HASH_LENGTH: Final = 32
TAG_LENGTH: Final = 16
MAX_SIZE: Final = 1 << 44
"""The largest file in bytes, 16 TiB: its list of hashes can still be stored."""

SMALL_CHUNK: Final = 64 * 1024
LARGE_CHUNK: Final = 256 * 1024
SMALL_FILE: Final = 4 * 1024 * 1024
"""Up to so many bytes a file has small chunks: several circuits can then share even a short file."""

_NUMBERS = struct.Struct(">QQB")
_SIZE = struct.Struct(">Q")
_INDEX = struct.Struct(">16xQ")


class ChunkError(PeerError):
    """A chunk or a list that is not the one that was offered."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where what lies in the blob of a file of `size` bytes, 0 to `MAX_SIZE`.

    Raises:
        ValueError: the size is out of range.
    """

    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError("a file's size is out of range")

    @property
    def chunk(self) -> int:
        """Bytes of plaintext in every chunk but the last."""
        return SMALL_CHUNK if self.size <= SMALL_FILE else LARGE_CHUNK

    @property
    def chunks(self) -> int:
        """How many there are; none of an empty file."""
        return -(-self.size // self.chunk)

    @property
    def list_length(self) -> int:
        """Bytes of the list of hashes."""
        return HASH_LENGTH * self.chunks

    @property
    def blob_length(self) -> int:
        """Bytes of the list and all sealed chunks."""
        return self.list_length + self.size + TAG_LENGTH * self.chunks

    def plain_length(self, index: int) -> int:
        """Bytes of plaintext in the chunk `index`."""
        return min(self.chunk, self.size - index * self.chunk)

    def place(self, first: int, count: int) -> tuple[int, int]:
        """(offset, length) in the blob of `count` sealed chunks from `first` on."""
        sealed = self.chunk + TAG_LENGTH
        begin = self.list_length + first * sealed
        end = min(self.list_length + (first + count) * sealed, self.blob_length)
        return begin, end - begin

    def chunks_at(self, offset: int, length: int) -> range | None:
        """The whole chunks that lie exactly there in the blob; None if other ones do."""
        sealed = self.chunk + TAG_LENGTH
        first, rest = divmod(offset - self.list_length, sealed)
        if rest or first < 0 or length <= 0:
            return None
        count = -(-length // sealed)
        if first + count > self.chunks or self.place(first, count) != (offset, length):
            return None
        return range(first, first + count)


@dataclass(frozen=True, slots=True)
class ChunkCipher:
    """Seals and opens the chunks of one file.

    Args:
        key: 32 bytes, drawn for this one sealing.
        file: its id, 16 bytes.
        layout: of its size.
    """

    key: bytes
    file: bytes
    layout: Layout

    def __repr__(self) -> str:
        return "<ChunkCipher>"

    def seal(self, index: int, plaintext: bytes) -> bytes:
        """The chunk `index`, sealed. Raises ValueError if it has another length than that chunk."""
        if len(plaintext) != self.layout.plain_length(index):
            raise ValueError("a chunk has a wrong length")
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plaintext, self._bound(index), _INDEX.pack(index), self.key
        )

    def open(self, index: int, sealed: bytes, expected: bytes) -> bytes:
        """The plaintext of the chunk `index`, whose hash is `expected`.

        Raises:
            ChunkError: other bytes than were offered, or bytes that this key does not open.
        """
        if blake2b_256(sealed) != expected:
            raise ChunkError("a chunk is not the one that was offered")
        if len(sealed) != self.layout.plain_length(index) + TAG_LENGTH:
            raise ChunkError("a chunk has a wrong length")
        try:
            return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, self._bound(index), _INDEX.pack(index), self.key
            )
        except CryptoError:
            raise ChunkError("a chunk does not open") from None

    def _bound(self, index: int) -> bytes:
        total = self.layout.chunks
        return self.file + _NUMBERS.pack(index, total, index == total - 1)


class Root:
    """Computes a file's root while its list of hashes comes in.

    Args:
        key: the file's key, 32 bytes.
        size: of the file in bytes.
    """

    def __init__(self, key: bytes, size: int) -> None:
        self._hash = hashlib.blake2b(
            b"tuichat/1 file" + blake2b_256(key) + _SIZE.pack(size), digest_size=HASH_LENGTH
        )

    def update(self, hashes: bytes) -> None:
        """Take in the next part of the list."""
        self._hash.update(hashes)

    def digest(self) -> bytes:
        """The root of all that was taken in, 32 bytes."""
        return self._hash.digest()
