"""The Noise protocol framework (rev 34) for 25519, ChaChaPoly and SHA256, driven by token lists.

Beside Noise's own tokens there are `e1` and `ekem1` of the hybrid forward secrecy extension, here with
ML-KEM-768: `e1` sends an encapsulation key through EncryptAndHash without mixing it into the chaining key;
`ekem1` sends the ciphertext for it likewise and then mixes in the shared secret. `split` gives a third key,
for exporting.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Final

from nacl import bindings

from tuichat.clock import Rng
from tuichat.crypto import kem as kem_sizes
from tuichat.crypto.boundary import peer_input
from tuichat.crypto.curve25519 import x25519, x25519_public
from tuichat.crypto.kdf import hkdf_sha256
from tuichat.crypto.kem import Kem
from tuichat.errors import PeerError

MAX_MESSAGE: Final = 65535
"""Bytes in the longest Noise message (rev 34, 3)."""

TAG_LENGTH: Final = 16
KEY_LENGTH: Final = 32

_LAST_NONCE = 2**64 - 1  # kept for rekeying (rev 34, 4.2)


class Token(Enum):
    """A step of a handshake message."""

    PSK = "psk"
    E = "e"
    E1 = "e1"
    EE = "ee"
    EKEM1 = "ekem1"
    ES = "es"
    S = "s"
    SE = "se"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A handshake: its full protocol name and the tokens of each message, the initiator's first."""

    name: bytes
    messages: tuple[tuple[Token, ...], ...]

    @property
    def has_psk(self) -> bool:
        """Whether ephemeral keys are mixed into the chaining key too (rev 34, 9.2)."""
        return any(Token.PSK in message for message in self.messages)


XXHFS_PSK0: Final = Pattern(
    b"Noise_XXhfs+psk0_25519+MLKEM768_ChaChaPoly_SHA256",
    (
        (Token.PSK, Token.E, Token.E1),
        (Token.E, Token.EE, Token.EKEM1, Token.S, Token.ES),
        (Token.S, Token.SE),
    ),
)
"""The handshake of a link (L1)."""


class CipherState:
    """A key and a counter (rev 34, 5.1); without a key it passes bytes on as they are."""

    __slots__ = ("_key", "_nonce")

    def __init__(self, key: bytes | None, nonce: int = 0) -> None:
        self._key = key
        self._nonce = nonce

    @property
    def has_key(self) -> bool:
        return self._key is not None

    @property
    def nonce(self) -> int:
        """How many messages passed under this state, rekeyings included."""
        return self._nonce

    def encrypt(self, associated: bytes, plaintext: bytes) -> bytes:
        """The plaintext and its 16-byte tag. Raises PeerError when the counter is used up."""
        if self._key is None:
            return plaintext
        sealed = bindings.crypto_aead_chacha20poly1305_ietf_encrypt(
            plaintext, associated, self._next_nonce(), self._key
        )
        self._nonce += 1
        return bytes(sealed)

    def decrypt(self, associated: bytes, ciphertext: bytes) -> bytes:
        """The plaintext; the counter moves only if the tag holds. Raises PeerError if it does not."""
        if self._key is None:
            return ciphertext
        nonce = self._next_nonce()
        with peer_input():
            opened = bindings.crypto_aead_chacha20poly1305_ietf_decrypt(
                ciphertext, associated, nonce, self._key
            )
        self._nonce += 1
        return bytes(opened)

    def rekey(self) -> None:
        """Replace the key by one that does not lead back to it; the counter goes on (rev 34, 11.3)."""
        assert self._key is not None
        self._key = bindings.crypto_aead_chacha20poly1305_ietf_encrypt(
            bytes(KEY_LENGTH), b"", _encode_nonce(_LAST_NONCE), self._key
        )[:KEY_LENGTH]

    def copy(self) -> CipherState:
        return CipherState(self._key, self._nonce)

    def _next_nonce(self) -> bytes:
        if self._nonce >= _LAST_NONCE:
            raise PeerError("a cipher's counter is used up")
        return _encode_nonce(self._nonce)


def _encode_nonce(nonce: int) -> bytes:
    return bytes(4) + nonce.to_bytes(8, "little")


def _hkdf(chaining_key: bytes, material: bytes, outputs: int) -> list[bytes]:
    """Noise's HKDF is RFC 5869's with an empty info."""
    stream = hkdf_sha256(chaining_key, material, b"", outputs * KEY_LENGTH)
    return [stream[start : start + KEY_LENGTH] for start in range(0, len(stream), KEY_LENGTH)]


class SymmetricState:
    """Chaining key, transcript hash and the cipher between them (rev 34, 5.2)."""

    __slots__ = ("_chaining_key", "_cipher", "hash")

    def __init__(self, name: bytes) -> None:
        self.hash = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self._chaining_key = self.hash
        self._cipher = CipherState(None)

    @property
    def tag_length(self) -> int:
        """How much longer than its plaintext the next ciphertext is, in bytes."""
        return TAG_LENGTH if self._cipher.has_key else 0

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = _hkdf(self._chaining_key, material, 2)
        self._cipher = CipherState(key)

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, mixed, key = _hkdf(self._chaining_key, material, 3)
        self.mix_hash(mixed)
        self._cipher = CipherState(key)

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = self._cipher.encrypt(self.hash, plaintext)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = self._cipher.decrypt(self.hash, ciphertext)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> list[bytes]:
        """Three keys: initiator's sending, responder's sending (both Noise's own), and one for exporting."""
        return _hkdf(self._chaining_key, b"", 3)

    def copy(self) -> SymmetricState:
        twin = copy.copy(self)
        twin._cipher = self._cipher.copy()
        return twin


@dataclass(frozen=True, slots=True, repr=False)
class Split:
    """What a finished handshake leaves (L7)."""

    sending: CipherState
    receiving: CipherState
    export_key: bytes
    handshake_hash: bytes
    remote_static: bytes


class HandshakeState:
    """One side of a handshake (rev 34, 5.3).

    Messages must alternate as the pattern says; that is the caller's to keep. After a PeerError the state is
    worthless: read on a `copy()` where a failure must leave no trace.

    Args:
        pattern: what is spoken.
        initiator: whether this side writes the first message.
        prologue: bytes that both sides must agree on.
        static_secret: my 32-byte X25519 secret.
        psk: 32 bytes, or empty for a pattern without.
        kem: the encapsulation behind e1 and ekem1.
    """

    def __init__(
        self, pattern: Pattern, initiator: bool, prologue: bytes, static_secret: bytes, psk: bytes, kem: Kem
    ) -> None:
        self._pattern = pattern
        self._initiator = initiator
        self._static_secret = static_secret
        self._psk = psk
        self._kem = kem
        self._written_or_read = 0
        self._ephemeral_secret = b""
        self._kem_secret = b""
        self._remote_ephemeral = b""
        self._remote_kem_public = b""
        self.remote_static = b""
        self._symmetric = SymmetricState(pattern.name)
        self._symmetric.mix_hash(prologue)

    def write_message(self, payload: bytes, rng: Rng) -> bytes:
        """The next message. Raises PeerError if the peer's keys, read before, turn out degenerate."""
        parts = [self._write_token(token, rng) for token in self._next_tokens()]
        return b"".join(parts) + self._symmetric.encrypt_and_hash(payload)

    def read_message(self, message: bytes) -> bytes:
        """The payload of the peer's next message. No key is made here.

        Raises:
            PeerError: a length, a tag or a key is wrong.
        """
        for token in self._next_tokens():
            message = self._read_token(token, message)
        return self._symmetric.decrypt_and_hash(message)

    def split(self) -> Split:
        """The transport ciphers, after the last message."""
        initiator_key, responder_key, export_key = self._symmetric.split()
        keys = (initiator_key, responder_key) if self._initiator else (responder_key, initiator_key)
        return Split(
            CipherState(keys[0]), CipherState(keys[1]), export_key, self._symmetric.hash, self.remote_static
        )

    def copy(self) -> HandshakeState:
        """An independent twin in the same state."""
        twin = copy.copy(self)
        twin._symmetric = self._symmetric.copy()
        return twin

    def _next_tokens(self) -> tuple[Token, ...]:
        tokens = self._pattern.messages[self._written_or_read]
        self._written_or_read += 1
        return tokens

    def _write_token(self, token: Token, rng: Rng) -> bytes:
        match token:
            case Token.E:
                self._ephemeral_secret = rng.bytes(KEY_LENGTH)
                public = x25519_public(self._ephemeral_secret)
                self._mix_ephemeral(public)
                return public
            case Token.S:
                return self._symmetric.encrypt_and_hash(x25519_public(self._static_secret))
            case Token.E1:
                public, self._kem_secret = self._kem.generate(rng)
                return self._symmetric.encrypt_and_hash(public)
            case Token.EKEM1:
                ciphertext, shared = self._kem.encapsulate(self._remote_kem_public, rng)
                sealed = self._symmetric.encrypt_and_hash(ciphertext)
                self._symmetric.mix_key(shared)
                return sealed
            case _:
                self._mix_silent(token)
                return b""

    def _read_token(self, token: Token, message: bytes) -> bytes:
        """What is left of the message after this token."""
        match token:
            case Token.E:
                self._remote_ephemeral, rest = _take(message, KEY_LENGTH)
                self._mix_ephemeral(self._remote_ephemeral)
                return rest
            case Token.S:
                self.remote_static, rest = self._read_sealed(message, KEY_LENGTH)
                return rest
            case Token.E1:
                self._remote_kem_public, rest = self._read_sealed(message, kem_sizes.PUBLIC_LENGTH)
                self._kem.check_public(self._remote_kem_public)
                return rest
            case Token.EKEM1:
                ciphertext, rest = self._read_sealed(message, kem_sizes.CIPHERTEXT_LENGTH)
                self._symmetric.mix_key(self._kem.decapsulate(self._kem_secret, ciphertext))
                return rest
            case _:
                self._mix_silent(token)
                return message

    def _read_sealed(self, message: bytes, length: int) -> tuple[bytes, bytes]:
        sealed, rest = _take(message, length + self._symmetric.tag_length)
        return self._symmetric.decrypt_and_hash(sealed), rest

    def _mix_ephemeral(self, public: bytes) -> None:
        self._symmetric.mix_hash(public)
        if self._pattern.has_psk:
            self._symmetric.mix_key(public)

    def _mix_silent(self, token: Token) -> None:
        """The tokens that put no bytes into the message."""
        if token is Token.PSK:
            self._symmetric.mix_key_and_hash(self._psk)
            return
        mine_is_static = token is (Token.SE if self._initiator else Token.ES)
        theirs_is_static = token is (Token.ES if self._initiator else Token.SE)
        secret = self._static_secret if mine_is_static else self._ephemeral_secret
        public = self.remote_static if theirs_is_static else self._remote_ephemeral
        self._symmetric.mix_key(x25519(secret, public))


def _take(message: bytes, length: int) -> tuple[bytes, bytes]:
    if len(message) < length:
        raise PeerError("a handshake message is too short")
    return message[:length], message[length:]
