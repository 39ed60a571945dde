"""How the ratchet's keys come from one another (R1, R2).

session    root, header key of the dialler's first step, header key, next header key and chain key of the
           answerer = KDF(exporter, "session", gen 4 || sid 16 || dh 32 || ek 1184, 160)
step       root, chain key, next header key = HKDF(salt = root, ikm = DH || ss, info = "tuichat/1 step" ||
           sid || new dh || remote dh || H(ek encapsulated to) || H(ct), 96)
message    message key = HMAC(chain key, 0x01), next chain key = HMAC(chain key, 0x02)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from tuichat.crypto.kdf import blake2b_256, hkdf_sha256, hmac_sha256, kdf

KEY_LENGTH: Final = 32


class SessionKeys(NamedTuple):
    """The five keys with which a session begins, 32 bytes each.

    Attributes:
        root: what the first step is mixed into.
        dialler_header: of the dialler's first step.
        answerer_header: of the chain that the answerer sends on from the start.
        answerer_next_header: of the answerer's first step.
        answerer_chain: the first chain key of the answerer's first chain.
    """

    root: bytes
    dialler_header: bytes
    answerer_header: bytes
    answerer_next_header: bytes
    answerer_chain: bytes

    def __repr__(self) -> str:
        return "<SessionKeys>"


def session_keys(exporter: bytes, gen: int, sid: bytes, dh: bytes, ek: bytes) -> SessionKeys:
    """The keys of a session whose answerer offers `dh` and `ek` (R1)."""
    keys = kdf(exporter, "session", gen.to_bytes(4, "big") + sid + dh + ek, 5 * KEY_LENGTH)
    return SessionKeys(*_split(keys))


@dataclass(frozen=True, slots=True)
class Step:
    """What both sides saw of a step; nothing in it is secret.

    Attributes:
        sid: the session.
        new_dh, remote_dh: the public keys of the one who steps and of the other.
        ek: the encapsulation key that was encapsulated to, the other's.
        ct: the ciphertext.
    """

    sid: bytes
    new_dh: bytes
    remote_dh: bytes
    ek: bytes
    ct: bytes

    def keys(self, root: bytes, shared_dh: bytes, shared_kem: bytes) -> tuple[bytes, bytes, bytes]:
        """(root, chain key, next header key) after the step (R2): neither secret alone suffices."""
        info = b"tuichat/1 step" + self.sid + self.new_dh + self.remote_dh
        info += blake2b_256(self.ek) + blake2b_256(self.ct)
        root, chain, next_header = _split(hkdf_sha256(root, shared_dh + shared_kem, info, 3 * KEY_LENGTH))
        return root, chain, next_header


def message_key(chain: bytes) -> bytes:
    """The key of a chain's next message."""
    return hmac_sha256(chain, b"\x01")


def next_chain(chain: bytes) -> bytes:
    """The chain key after that message."""
    return hmac_sha256(chain, b"\x02")


def _split(keys: bytes) -> list[bytes]:
    return [keys[i : i + KEY_LENGTH] for i in range(0, len(keys), KEY_LENGTH)]
