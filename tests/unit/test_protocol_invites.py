"""Invites: one line of text, every mistake in it noticed, no secret shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuichat.crypto.curve25519 import ed25519_public
from tuichat.protocol.invites import (
    LATEST_EXPIRY,
    PREFIX,
    Invite,
    InviteError,
    invite_psk,
    looks_like_invite,
    parse_invite,
    sig_hash,
)

ONION = ed25519_public(bytes([1]) * 32)
INVITE = Invite(ONION, bytes([2]) * 32, sig_hash(bytes([3]) * 32), 1_800_000_000)


@given(
    st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(0, LATEST_EXPIRY)
)
def test_what_is_written_is_read(seed: bytes, secret: bytes, expires_at: int) -> None:
    invite = Invite(ed25519_public(seed), secret, bytes(16), expires_at)
    assert parse_invite(str(invite)) == invite


def test_spaces_line_breaks_and_upper_case_do_no_harm() -> None:
    text = str(INVITE)
    assert parse_invite(f"  {text[:40]}\n {text[40:].upper()} ") == INVITE


def test_every_single_mistyped_character_is_noticed() -> None:
    text = str(INVITE)
    for place in range(len(PREFIX), len(text)):
        other = "b" if text[place] == "a" else "a"
        with pytest.raises(InviteError):
            parse_invite(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "prefix"),
        ("tuichat2:abc", "prefix"),
        (PREFIX, "length"),
        (str(INVITE)[:-1], "length"),
        (str(INVITE) + "a", "length"),
        (PREFIX + "1" * 149, "character"),
        (PREFIX + "é" * 149, "character"),
        (PREFIX + "a" * 149, "check"),
    ],
)
def test_mistakes_are_told_apart(text: str, reason: str) -> None:
    with pytest.raises(InviteError) as caught:
        parse_invite(text)
    assert caught.value.reason == reason


UNUSABLE_KEYS = {
    "order 1": b"\x01" + bytes(31),
    "order 4": bytes(32),
    "no point": b"\x02" + bytes(31),
    "not canonical": b"\xff" * 32,
}


@pytest.mark.parametrize("key", UNUSABLE_KEYS.values(), ids=UNUSABLE_KEYS)
def test_address_that_nobody_can_own_is_refused(key: bytes) -> None:
    with pytest.raises(InviteError) as caught:
        parse_invite(str(Invite(key, bytes(32), bytes(16), 1_800_000_000)))
    assert caught.value.reason == "key"


def test_secret_is_in_no_repr() -> None:
    assert repr(INVITE.secret) not in repr(INVITE)


def test_keys_depend_on_secret_and_onion_and_differ() -> None:
    assert len({INVITE.psk, INVITE.reach, INVITE.secret}) == 3
    assert invite_psk(INVITE.secret, bytes(32)) != INVITE.psk


def test_meaning_an_invite_is_recognised() -> None:
    assert looks_like_invite(" TUICHAT1:abc")
    assert not looks_like_invite("dwnks2vq")
