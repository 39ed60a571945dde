"""The invite's text (C2) and the psks of a knock (L2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tests.independent.identity_peer import base32_lower, base32_read
from tests.independent.primitives_peer import Refused, check_ed25519, h32, kdf

PREFIX = "tuichat1:"


@dataclass(frozen=True)
class Invite:
    onion: bytes
    secret: bytes
    sig_hash: bytes
    expiry: int

    def text(self) -> str:
        body = b"\x01" + self.onion + self.secret + self.sig_hash + self.expiry.to_bytes(8, "big")
        return PREFIX + base32_lower(body + h32(b"tuichat/1 invite check" + body)[:4])

    def psk(self) -> bytes:
        return invite_psk(self.secret, self.onion)

    def reach(self) -> bytes:
        return kdf(self.secret, "invite reach", self.onion, 32)

    def names(self, sig: bytes) -> bool:
        return h32(sig)[:16] == self.sig_hash


def read_invite(text: str, now: int) -> Invite:
    text = "".join(text.split()).lower()
    if not text.startswith(PREFIX):
        raise Refused("invite: prefix")
    data = base32_read(text.removeprefix(PREFIX))
    if len(data) != 93 or data[0] != 1:
        raise Refused("invite: length or version")
    if h32(b"tuichat/1 invite check" + data[:89])[:4] != data[89:]:
        raise Refused("invite: check")
    invite = Invite(data[1:33], data[33:65], data[65:81], int.from_bytes(data[81:89], "big"))
    check_ed25519(invite.onion)
    if invite.expiry <= now:
        raise Refused("invite: expired")
    return invite


def public_psk(answerer: bytes) -> bytes:
    return h32(b"tuichat/1 public" + answerer)


def invite_psk(secret: bytes, answerer: bytes) -> bytes:
    return kdf(secret, "invite psk", answerer, 32)


def pair_psk(pair: bytes, one: bytes, other: bytes) -> bytes:
    return kdf(pair, "pair psk", min(one, other) + max(one, other), 32)


def knock(psk: bytes, answerer: bytes, day: int) -> bytes:
    key = kdf(psk, "knock", b"", 32)
    return hashlib.blake2b(answerer + day.to_bytes(8, "big"), digest_size=16, key=key).digest()
