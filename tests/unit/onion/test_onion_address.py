"""Onion addresses: what is accepted, and that each refusal says what is wrong."""

from __future__ import annotations

import base64
import hashlib

import pytest

from onion.address import OnionAddress
from onion.errors import AddressError

# Examples in rend-spec-v3, 6, and services that the Tor Project publishes.
PUBLISHED = [
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd",
    "sp3k262uwy4r2k3ycr5awluarykdpag6a7y33jxop4cs2lu5uz5sseqd",
    "xa4r2iadxm55fbnqgwwi5mymqdcofiu3w6rpbtqn7b2dyn7mgwj64jyd",
    "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid",
]
GOOD = PUBLISHED[3]


def encode(key: bytes, version: int = 3) -> str:
    checksum = hashlib.sha3_256(b".onion checksum" + key + bytes([version])).digest()[:2]
    return base64.b32encode(key + checksum + bytes([version])).decode().lower()


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_addresses_are_read_and_written_back(text: str) -> None:
    address = OnionAddress.parse(text)
    assert str(address) == text
    assert address.hostname == f"{text}.onion"
    assert OnionAddress.from_public_key(address.public_key) == address


@pytest.mark.parametrize(
    "text",
    [
        GOOD.upper(),
        f"{GOOD}.onion",
        f"{GOOD}.ONION",
        f"http://{GOOD}.onion/",
        f"HTTPS://{GOOD}.onion",
        f"  {GOOD}/\n",
        f"\t{GOOD}.onion/ ",
    ],
)
def test_what_people_paste_is_understood(text: str) -> None:
    assert str(OnionAddress.parse(text)) == GOOD


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [("1", "1"), ("8", "8"), ("é", "é"), (".", "."), ("\u200b", "U+200B"), ("\u212a", "\u212a")],
)
def test_a_wrong_character_is_named_with_its_place(wrong: str, shown: str) -> None:
    with pytest.raises(AddressError) as caught:
        OnionAddress.parse(f"http://{GOOD[:6]}{wrong}{GOOD[7:]}.onion")
    assert caught.value.code == "character"
    assert caught.value.fields == {"position": 7, "character": shown}
    assert f"Character 7 of the address, “{shown}”" in caught.value.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" .onion ", "empty"),
        (GOOD[:-1], "length"),
        (GOOD + "a", "length"),
        ("expyuzz4wqqyqhjn", "version2"),
        (GOOD[:20] + ("a" if GOOD[20] != "a" else "b") + GOOD[21:], "checksum"),
        (GOOD[:-1] + "e", "version"),
    ],
)
def test_each_mistake_has_its_own_code(text: str, code: str) -> None:
    with pytest.raises(AddressError) as caught:
        OnionAddress.parse(text)
    assert caught.value.code == code
    assert caught.value.hint


def test_every_single_mistyped_character_is_noticed() -> None:
    for place in range(len(GOOD)):
        with pytest.raises(AddressError):
            OnionAddress.parse(GOOD[:place] + ("b" if GOOD[place] == "a" else "a") + GOOD[place + 1 :])


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),  # order 4
        bytes([1]) + bytes(31),  # the identity
        bytes([0xEC]) + bytes([0xFF]) * 30 + bytes([0x7F]),  # order 2
        bytes([0xEE]) + bytes([0xFF]) * 30 + bytes([0x7F]),  # the identity, not canonical
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # order 8
        bytes([2]) + bytes(31),  # not on the curve
    ],
)
def test_keys_that_nobody_can_own_are_refused(key: bytes) -> None:
    with pytest.raises(AddressError) as caught:
        OnionAddress.parse(encode(key))
    assert caught.value.code == "key"


def test_a_key_with_a_torsion_component_is_refused() -> None:
    # The public key of the published address plus a point of order 2: on the curve, outside the subgroup.
    from nacl.bindings import crypto_core_ed25519_add

    order_2 = bytes([0xEC]) + bytes([0xFF]) * 30 + bytes([0x7F])
    twisted = crypto_core_ed25519_add(OnionAddress.parse(GOOD).public_key, order_2)
    with pytest.raises(AddressError):
        OnionAddress.parse(encode(twisted))


def test_a_template_and_its_fields_give_the_message() -> None:
    with pytest.raises(AddressError) as caught:
        OnionAddress.parse("abc")
    error = caught.value
    assert error.message.template.format(**error.fields) == error.message
