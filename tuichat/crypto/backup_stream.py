"""A long text sealed in chunks, so that neither side ever holds more than one of them.

libsodium's secretstream (XChaCha20-Poly1305): each chunk is bound to all before it and the last carries a
mark, so chunks that are missing, swapped, repeated or of another stream are refused, and so is an end that
is not the end. A key serves for one stream: whoever makes one derives it with a salt of its own. libsodium
draws the stream's header itself.
"""

from __future__ import annotations

from typing import Final

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from tuichat.crypto.sealing import UnopenableError

HEADER_LENGTH: Final = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
OVERHEAD: Final = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
"""How many bytes longer than its plaintext a sealed chunk is: 17."""

_LAST = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MORE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE


class StreamSealer:
    """Seals one stream under a 32-byte key; `bound` must be equal on opening.

    Attributes:
        header: 24 bytes that stand before the chunks.
    """

    def __init__(self, key: bytes, bound: bytes) -> None:
        self._bound = bound
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self.header: bytes = sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        """The next chunk, sealed."""
        tag = _LAST if last else _MORE
        return sodium.crypto_secretstream_xchacha20poly1305_push(self._state, chunk, self._bound, tag)


class StreamOpener:
    """Opens what a `StreamSealer` with the same key and `bound` made, from its 24-byte header on.

    Attributes:
        ended: the last chunk was opened; there is nothing behind it.
    """

    def __init__(self, key: bytes, bound: bytes, header: bytes) -> None:
        if len(header) != HEADER_LENGTH:
            raise UnopenableError
        self._bound = bound
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)
        self.ended = False

    def open(self, sealed: bytes) -> bytes:
        """The next chunk.

        Raises:
            UnopenableError: it is not the next one of this stream, was changed, or stands behind the last.
        """
        if self.ended or len(sealed) < OVERHEAD:
            raise UnopenableError
        try:
            chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._bound)
        except CryptoError:
            raise UnopenableError from None
        if tag not in (_LAST, _MORE):
            raise UnopenableError
        self.ended = tag == _LAST
        return chunk
