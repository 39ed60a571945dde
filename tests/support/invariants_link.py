"""Invariants of a link that stands, of invites and of the keys that come from one secret."""

from __future__ import annotations

import ast
import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from nacl import bindings

from tests.support.handshakes import Meeting
from tests.support.invariants import every_flip, holds, refused
from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.crypto.identity import parse_certificate
from tuichat.crypto.noise import CipherState, Split
from tuichat.protocol import frames
from tuichat.protocol.invites import PREFIX, Invite, InviteError, parse_invite, sig_hash
from tuichat.protocol.knock import knock, pair_psk
from tuichat.protocol.link import REKEY_INTERVAL, Link
from tuichat.protocol.session import session_id

ROOT = Path(__file__).parents[2]
KEYS: Final = bytes(range(32)), bytes(range(32, 64))
REMOTE: Final = parse_certificate(Meeting().callee.certificate)
SID: Final = bytes(range(16))
SECRET: Final = b"one secret".ljust(32)
ONIONS: Final = b"\x01" * 32, b"\x02" * 32
INVITE: Final = Invite(REMOTE.onion, SECRET, sig_hash(b"\x03" * 32), 1_800_000_000)

EVERY_FRAME: Final[tuple[frames.Frame, ...]] = (
    frames.Request(b"p" * 32, b"r" * 32, "小明", "we met"),
    frames.Accepted(b"r" * 32),
    frames.Received(),
    frames.Gone(),
    frames.Hello(7, SID, 5, 4, 3, True),
    frames.Keep(),
    frames.New(7, SID, b"d" * 32, b"k" * 1184),
    frames.Env(SID, b"e" * ENVELOPE_SIZES[0]),
    frames.Ack(SID, b"h" * 32),
    frames.Resync(SID),
    frames.Ping(),
    frames.Pong(),
    frames.Typing(True),
    frames.Presence(False),
)


def every_bit_of_every_frame_counts() -> None:
    """One altered bit ends the link before a frame is read, and nothing more is read on it."""
    holds("a frame type is missing here", {frame.type for frame in EVERY_FRAME} == set(frames._READERS))
    for frame in EVERY_FRAME:
        message = _ends()[0].seal(frames.encode(frame))
        for bit, altered in every_flip(message):
            _, theirs = _ends()
            refused(f"{type(frame).__name__}, bit {bit}", theirs.open, altered)
            refused("a frame on a dead link", theirs.open, message)
        holds("the frame differs", frames.decode(_ends()[1].open(message)) == frame)


def frames_pass_once_and_in_order() -> None:
    """What is repeated, swapped or missing on the way ends the link."""
    mine, theirs = _ends(5)
    first = mine.seal(b"first")
    theirs.open(first)
    refused("a repeated frame", theirs.open, first)
    mine, theirs = _ends(5)
    mine.seal(b"lost")
    refused("a frame behind a lost one", theirs.open, mine.seal(b"next"))


def no_key_of_a_link_meets_a_nonce_twice() -> None:
    """Over three keys, in both directions."""
    used: list[tuple[bytes, bytes]] = []
    real = bindings.crypto_aead_chacha20poly1305_ietf_encrypt

    def encrypt(message: bytes, aad: bytes | None, nonce: bytes, key: bytes) -> bytes:
        used.append((key, nonce))
        return bytes(real(message, aad, nonce, key))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bindings, "crypto_aead_chacha20poly1305_ietf_encrypt", encrypt)
        for count in (0, REKEY_INTERVAL - 3, 2 * REKEY_INTERVAL - 3):
            used.clear()
            for link in _ends(count):
                for number in range(6):
                    link.seal(b"%d" % number)
            holds("a key met a nonce twice", len(set(used)) == len(used) > 11)


def every_bit_of_an_invite_counts() -> None:
    """Two people who read it to each other over a bad line end up with the same invite or none."""
    encoded = str(INVITE).removeprefix(PREFIX)
    data = base64.b32decode(encoded.upper() + "=" * (-len(encoded) % 8))
    for bit, altered in every_flip(data):
        text = PREFIX + base64.b32encode(altered).decode().lower().rstrip("=")
        refused(f"bit {bit}", parse_invite, text, by=InviteError)
    holds("the invite differs", parse_invite(str(INVITE)) == INVITE)


def every_bit_of_a_certificate_counts() -> None:
    """Whose signatures hold for these bytes alone."""
    for bit, altered in every_flip(REMOTE.raw):
        refused(f"bit {bit}", parse_certificate, altered)


def every_label_has_one_use() -> None:
    """No two derived keys, hashes or signed statements share a label in the source."""
    counted = Counter(labels())
    holds("labels were not found", len(counted) > 10)
    doubled = [label for label, count in counted.items() if count > 1]
    holds(f"labels with two uses: {doubled}", not doubled)


def keys_of_one_secret_differ() -> None:
    """Even where the contexts are equal."""
    mine, _ = _ends()
    before = mine.exporter
    mine.next_exporter()
    derived = [
        INVITE.psk,
        INVITE.reach,
        pair_psk(SECRET, *ONIONS),
        knock(SECRET, ONIONS[0], 0.0).ljust(32),
        session_id(before, 1).ljust(32),
        session_id(before, 2).ljust(32),
        before,
        mine.exporter,
    ]
    holds("two keys are equal", len(set(derived)) == len(derived))


def labels() -> Iterator[str]:
    """Every label under which a key is derived or a thing is hashed or signed."""
    for path in sorted((ROOT / "tuichat").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_kdf(node.func):
                label = node.args[1]
                assert isinstance(label, ast.Constant), f"{path}:{node.lineno}: a label must be a literal"
                yield f"tuichat/1 {label.value!s}"
            elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
                text = node.value.decode("ascii", "replace").rstrip("\0")
                if text.startswith("tuichat/") and text != "tuichat/1 ":
                    yield text


def _is_kdf(called: ast.expr) -> bool:
    """By its bare name, or as something's of a module; Argon2id's takes no label."""
    name = ast.unparse(called)
    return name.rpartition(".")[2] == "kdf" and "argon2id" not in name


def _ends(nonce: int = 0) -> tuple[Link, Link]:
    """Both ends of a link in which so many messages went each way before."""

    def end(sending: bytes, receiving: bytes) -> Link:
        ciphers = CipherState(sending, nonce), CipherState(receiving, nonce)
        return Link(Split(*ciphers, b"x" * 32, b"h" * 32, REMOTE.ik), REMOTE)

    return end(*KEYS), end(*KEYS[::-1])
