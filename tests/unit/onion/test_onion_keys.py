"""Service and client-authorization keys."""

from __future__ import annotations

import base64

import pytest
from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp

from onion.address import OnionAddress
from onion.keys import ClientKey, control_key, expanded_secret, public_key

# RFC 8032, 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
# RFC 7748, 6.1, Bob.
CLIENT_PRIVATE = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
BOB_PUBLIC = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")


def test_the_public_key_is_the_one_of_rfc_8032() -> None:
    assert public_key(SEED) == PUBLIC
    assert len(str(OnionAddress.from_public_key(public_key(SEED)))) == 56


def test_the_expanded_secret_is_clamped_and_belongs_to_the_public_key() -> None:
    secret = expanded_secret(SEED)
    assert len(secret) == 64
    assert secret[0] & 7 == 0
    assert secret[31] & 0b1100_0000 == 0b0100_0000
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = (int.from_bytes(secret[:32], "little") % order).to_bytes(32, "little")
    assert crypto_scalarmult_ed25519_base_noclamp(scalar) == PUBLIC


def test_the_control_form_is_base64_of_the_expanded_secret() -> None:
    kind, _, blob = control_key(SEED).partition(":")
    assert kind == "ED25519-V3"
    assert base64.b64decode(blob) == expanded_secret(SEED)


def test_client_keys_have_tors_forms() -> None:
    key = ClientKey.from_private(CLIENT_PRIVATE)
    assert key.public == BOB_PUBLIC
    assert base64.b32decode(key.public_base32 + "====") == key.public
    assert base64.b32decode(key.private_base32 + "====") == key.private
    assert len(key.public_base32) == 52
    assert base64.b64decode(key.private_control.removeprefix("x25519:")) == key.private


def test_generated_client_keys_differ() -> None:
    assert ClientKey.generate().public != ClientKey.generate().public


def test_the_private_half_is_in_no_repr() -> None:
    key = ClientKey.from_private(CLIENT_PRIVATE)
    shown = repr(key)
    assert repr(key.private) not in shown
    assert key.private.hex() not in shown
    assert "private" not in shown


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused_without_showing_them(length: int) -> None:
    wrong = b"s" * length
    for function in (public_key, expanded_secret, control_key, ClientKey.from_private):
        with pytest.raises(ValueError, match=f"not {length}"):
            function(wrong)
