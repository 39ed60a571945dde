"""Who a node is: three keys, the certificate that binds them, and what a contact remembers of it.

Certificate, 233 bytes, integers big-endian (K2):

    offset  size  field
         0     1  version = 1
         1     4  epoch
         5     4  capabilities (bit set; unknown bits are ignored)
         9    32  onion: Ed25519 key of the onion service
        41    32  SIG: Ed25519 key that signs every statement but this one alone
        73    32  IK: X25519 key of the handshake
       105    64  signature by onion
       169    64  signature by SIG

Both signatures cover "tuichat/cert/v1" || 0x00 || the first 105 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from enum import Enum

from tuichat.clock import Rng
from tuichat.crypto import curve25519
from tuichat.crypto.kdf import blake2b_512
from tuichat.errors import PeerError

CERTIFICATE_LENGTH = 233
CERTIFICATE_VERSION = 1
CAPABILITIES = 0

_SIGNED = struct.Struct(">BII32s32s32s")
_CONTEXT = b"tuichat/cert/v1\0"
_EPOCH_ZERO = 1_577_836_800  # 2020-01-01 00:00 UTC
_LAST_EPOCH = 2**32 - 1
_GROUPS_PER_SIDE = 6
_GROUP_BYTES = 5


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A node's own secrets, 32 bytes each, and what is public of them; nothing prints them.

    Attributes:
        onion: the 32-byte public key of the onion service: the address.
        sig: the 32-byte public key that verifies my statements.
        ik: the 32-byte public key of the handshake.
        certificate: the 233-byte certificate.
    """

    onion_seed: bytes
    sig_seed: bytes
    ik_secret: bytes
    epoch: int
    onion: bytes = field(init=False, compare=False)
    sig: bytes = field(init=False, compare=False)
    ik: bytes = field(init=False, compare=False)
    certificate: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Once, for each handshake and each envelope needs some of them: a key costs 20 to 40 microseconds.
        public = {
            "onion": curve25519.ed25519_public(self.onion_seed),
            "sig": curve25519.ed25519_public(self.sig_seed),
            "ik": curve25519.x25519_public(self.ik_secret),
        }
        for name, key in public.items():
            object.__setattr__(self, name, key)
        object.__setattr__(self, "certificate", _certificate(self))

    @classmethod
    def generate(cls, rng: Rng, now: float) -> Identity:
        """A new identity at Unix time `now`, in seconds."""
        return cls(rng.bytes(32), rng.bytes(32), rng.bytes(32), next_epoch(0, now))


def _certificate(me: Identity) -> bytes:
    signed = _SIGNED.pack(CERTIFICATE_VERSION, me.epoch, CAPABILITIES, me.onion, me.sig, me.ik)
    statement = _CONTEXT + signed
    by_onion = curve25519.ed25519_sign(me.onion_seed, statement)
    return signed + by_onion + curve25519.ed25519_sign(me.sig_seed, statement)


def next_epoch(last: int, now: float) -> int:
    """The epoch of a certificate made at Unix time `now` after one of epoch `last` (0: none): K3."""
    return min(max(last + 1, int(now - _EPOCH_ZERO) // 60), _LAST_EPOCH)


def rotate_ik(identity: Identity, rng: Rng, now: float) -> Identity:
    """The same person with another handshake key, under a higher epoch: contacts take it unasked (K3).

    Raises:
        ValueError: there is no higher epoch, so nobody would take it.
    """
    epoch = next_epoch(identity.epoch, now)
    if epoch <= identity.epoch:
        raise ValueError("there is no epoch after this one")
    return replace(identity, ik_secret=rng.bytes(32), epoch=epoch)


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """A certificate whose signatures and points were verified."""

    epoch: int
    capabilities: int
    onion: bytes
    sig: bytes
    ik: bytes
    raw: bytes


def parse_certificate(data: bytes) -> Certificate:
    """Read and verify a certificate.

    Raises:
        PeerError: wrong length or version, a degenerate or non-canonical key, or a false signature.
    """
    if len(data) != CERTIFICATE_LENGTH:
        raise PeerError("a certificate has the wrong length")
    signed = data[: _SIGNED.size]
    version, epoch, capabilities, onion, sig, ik = _SIGNED.unpack(signed)
    if version != CERTIFICATE_VERSION:
        raise PeerError("a certificate has an unknown version")
    if not (curve25519.is_ed25519_public(onion) and curve25519.is_ed25519_public(sig)):
        raise PeerError("a certificate holds a bad signing key")
    curve25519.check_x25519_public(ik)
    statement = _CONTEXT + signed
    curve25519.ed25519_verify(onion, statement, data[105:169])
    curve25519.ed25519_verify(sig, statement, data[169:])
    return Certificate(epoch, capabilities, onion, sig, ik, bytes(data))


@dataclass(frozen=True, slots=True, repr=False)
class Pins:
    """What is remembered of a contact's certificate (K3)."""

    onion: bytes
    sig: bytes
    ik: bytes
    epoch: int


class PinVerdict(Enum):
    """How a certificate compares with what was pinned for its onion."""

    FIRST = "first"  # nothing is pinned: pin it
    SAME = "same"
    NEW_IK = "new_ik"  # same SIG, later epoch: pin the new IK and epoch
    STALE = "stale"  # earlier epoch, or another IK in the same epoch: close
    OTHER_SIG = "other_sig"  # blocked until the person acts


def judge_pins(pins: Pins | None, certificate: Certificate) -> PinVerdict:
    """Compare a verified certificate with the pins of its onion (K3).

    Raises:
        ValueError: the pins belong to another onion, so the caller looked them up wrongly.
    """
    if pins is None:
        return PinVerdict.FIRST
    if pins.onion != certificate.onion:
        raise ValueError("these pins belong to another onion")
    if pins.sig != certificate.sig:
        return PinVerdict.OTHER_SIG
    if certificate.epoch > pins.epoch:
        return PinVerdict.NEW_IK
    if certificate.epoch < pins.epoch or certificate.ik != pins.ik:
        return PinVerdict.STALE
    return PinVerdict.SAME


def pins_of(certificate: Certificate) -> Pins:
    """What to remember of a certificate that was accepted."""
    return Pins(certificate.onion, certificate.sig, certificate.ik, certificate.epoch)


def safety_number(version: int, one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> str:
    """The 60 digits that two people compare (K4); both sides compute the same, whoever is `one`.

    Args:
        version: the protocol version, one byte.
        one: (onion, SIG) of one person.
        other: (onion, SIG) of the other.
    """
    return "".join(_safety_half(digest) for digest in safety_hashes(version, one, other))


def safety_hashes(version: int, one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """The two whole hashes, 64 bytes each, of which the safety number shows the beginning (K4).

    The lower onion's comes first. Arguments as of `safety_number`.
    """
    lower, higher = (
        blake2b_512(b"tuichat/1 safety" + bytes([version]) + onion + sig)
        for onion, sig in sorted((one, other))
    )
    return lower, higher


def _safety_half(digest: bytes) -> str:
    groups = (digest[i * _GROUP_BYTES : (i + 1) * _GROUP_BYTES] for i in range(_GROUPS_PER_SIDE))
    return "".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)
