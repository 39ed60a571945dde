"""The code that two people scan to compare their keys."""

from __future__ import annotations

import base64
import dataclasses

import pytest

from tests.support.handshakes import person
from tuichat.crypto.identity import Identity, safety_hashes
from tuichat.protocol.safety import PREFIX, looks_like_safety_code, safety_code, same_safety_code

ALICE = person("alice")
BOB = person("bob")


def keys(identity: Identity) -> tuple[bytes, bytes]:
    return identity.onion, identity.sig


CODE = safety_code(keys(ALICE), keys(BOB))


def test_code_is_the_same_on_both_sides_and_holds_both_whole_hashes() -> None:
    assert safety_code(keys(BOB), keys(ALICE)) == CODE
    encoded = CODE.removeprefix(PREFIX)
    data = base64.b32decode(encoded.upper() + "=" * (-len(encoded) % 8))
    assert data == b"\x01" + b"".join(safety_hashes(1, keys(ALICE), keys(BOB)))
    assert len(CODE) == 223


def test_code_is_read_as_scanners_and_people_give_it() -> None:
    for text in (CODE, CODE.upper(), f"  {CODE[:90]}\n{CODE[90:]} "):
        assert looks_like_safety_code(text)
        assert same_safety_code(text, CODE)


def test_digits_are_no_code() -> None:
    assert not looks_like_safety_code("41529 88013")
    assert not looks_like_safety_code("tuichat1:aaaa")


@pytest.mark.parametrize("position", range(len(PREFIX), 223))
def test_every_other_character_is_seen(position: int) -> None:
    other = "a" if CODE[position] != "a" else "b"
    assert not same_safety_code(CODE[:position] + other + CODE[position + 1 :], CODE)


def test_cut_or_longer_code_and_another_key_do_not_match() -> None:
    for text in (CODE[:-1], CODE + "a", PREFIX, "", CODE.removeprefix(PREFIX)):
        assert not same_safety_code(text, CODE)
    other = dataclasses.replace(BOB, sig_seed=ALICE.ik_secret)
    assert not same_safety_code(safety_code(keys(ALICE), keys(other)), CODE)
