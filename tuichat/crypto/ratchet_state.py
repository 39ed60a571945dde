"""What one side of a ratchet remembers, as records that never change, and their encoding for the database.

    version 1 = 1 | msgpack of RatchetState, each record an array of its fields in order

Sealing turns `StepDue` into `SendingChain`; the peer's step, which is taken towards the secrets of that
chain, turns it into `StepDue` again, and those secrets are gone.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from tuichat.crypto.kem import CIPHERTEXT_LENGTH, PUBLIC_LENGTH, SEED_LENGTH
from tuichat.errors import DamagedError
from tuichat.i18n import _

STATE_VERSION: Final = 1

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Sid = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
EncapsulationKey = Annotated[bytes, msgspec.Meta(min_length=PUBLIC_LENGTH, max_length=PUBLIC_LENGTH)]
DecapsulationKey = Annotated[bytes, msgspec.Meta(min_length=SEED_LENGTH, max_length=SEED_LENGTH)]
Ciphertext = Annotated[bytes, msgspec.Meta(min_length=CIPHERTEXT_LENGTH, max_length=CIPHERTEXT_LENGTH)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Secret(msgspec.Struct, frozen=True, array_like=True):
    """A record that shows its name only."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class RatchetKeys(Secret, frozen=True):
    """One side's key pairs of a chain: an X25519 secret, a decapsulation key's seed, and their publics."""

    dh_secret: Key
    dh_public: Key
    ek_secret: DecapsulationKey
    ek_public: EncapsulationKey


class SendingChain(Secret, frozen=True, tag=1):
    """The chain that I seal on.

    Attributes:
        keys: what the peer's next step is taken towards.
        ct, pn: the fields that each of its headers has.
        n: how many messages were sealed on it.
    """

    keys: RatchetKeys
    ct: Ciphertext
    pn: Count
    header_key: Key
    chain_key: Key
    n: Count


class StepDue(Secret, frozen=True, tag=2):
    """I have no chain: sealing begins one with a step towards the peer's keys.

    Attributes:
        dh, ek: the peer's public keys.
        pn: how many messages my last chain had.
    """

    dh: Key
    ek: EncapsulationKey
    pn: Count


class SkippedKey(Secret, frozen=True):
    """The key of a message that has not come, kept since `kept_at` (Unix time in seconds)."""

    message_key: Key
    kept_at: int


Skipped = dict[int, SkippedKey]
"""Skipped keys by n, those skipped first in front. Never changed in place."""


class PastChain(Secret, frozen=True):
    """What is left of a chain of the peer's that a step has ended.

    Attributes:
        chain: what its headers have in common (`Header.chain`).
    """

    header_key: Key
    chain: Key
    skipped: Skipped


class ReceivingChain(Secret, frozen=True):
    """The peer's chain; `n` is the number of the next message that was neither opened nor skipped."""

    header_key: Key
    chain: Key
    skipped: Skipped
    chain_key: Key
    n: Count

    def past(self) -> PastChain:
        """What remains of it after the peer's next step."""
        return PastChain(self.header_key, self.chain, self.skipped)


class RatchetState(Secret, frozen=True):
    """All of it.

    Attributes:
        next_sending, next_receiving: the header keys of my next step and of the peer's.
        receiving: None before the dialler's first step has come.
        past: chains with skipped keys, the oldest first.
    """

    sid: Sid
    root_key: Key
    next_sending: Key
    next_receiving: Key
    sending: SendingChain | StepDue
    receiving: ReceivingChain | None
    past: tuple[PastChain, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(RatchetState)


def encode_state(state: RatchetState) -> bytes:
    """The bytes for the encrypted database."""
    return bytes([STATE_VERSION]) + _encoder.encode(state)


def decode_state(data: bytes) -> RatchetState:
    """What `encode_state` was given.

    Raises:
        DamagedError: these are no such bytes, or those of another version.
    """
    try:
        if data[:1] == bytes([STATE_VERSION]):
            return _decoder.decode(data[1:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the cause is dropped: it may quote the bytes
    raise DamagedError(
        _("The keys of a conversation cannot be read."), _("Restore a backup, or update tuichat.")
    )
