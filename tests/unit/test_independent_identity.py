"""The second implementation and the product make the same names and texts of people, and refuse alike."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from tests.independent import invite_peer
from tests.independent.alterations import altered
from tests.independent.identity_peer import (
    Person,
    address_of,
    check_signature,
    onion_of,
    read_certificate,
    safety_code,
    safety_number,
)
from tests.independent.primitives_peer import (
    ORDER,
    Point,
    Refused,
    edwards_add,
    edwards_decode,
    edwards_times,
)
from tests.support.fixed_clock import START
from tests.support.handshakes import LOW_ORDER_U, flip, person
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.curve25519 import ed25519_verify, is_ed25519_public
from tuichat.crypto.identity import Identity, parse_certificate
from tuichat.crypto.identity import safety_number as product_safety_number
from tuichat.errors import PeerError
from tuichat.network import addresses
from tuichat.protocol import invites, safety

SECRET = bytes(range(32, 64))


def peer(identity: Identity) -> Person:
    """The same person in the second implementation."""
    return Person(identity.onion_seed, identity.sig_seed, identity.ik_secret, identity.epoch)


def test_certificates_are_the_same_bytes_and_both_refuse_altered_ones() -> None:
    identity = person("somebody")
    certificate = peer(identity).certificate()
    assert certificate == identity.certificate
    for wrong in altered(certificate, 5):
        with pytest.raises(PeerError):
            parse_certificate(wrong)
        with pytest.raises(Refused):
            read_certificate(wrong)


def test_unknown_capabilities_are_ignored_by_both() -> None:
    certificate = replace(peer(person("somebody")), capabilities=0xFFFFFFFF).certificate()
    assert parse_certificate(certificate).epoch == read_certificate(certificate).epoch


@pytest.mark.parametrize(
    "ik", [*LOW_ORDER_U, b"\xff" * 32, bytes(31) + b"\x80", (2**255 - 10).to_bytes(32, "little")]
)
def test_both_refuse_a_certificate_with_a_wrong_ik(ik: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.independent.identity_peer.x25519_public", lambda _: ik)
    certificate = peer(person("somebody")).certificate()
    with pytest.raises(PeerError):
        parse_certificate(certificate)
    with pytest.raises(Refused):
        read_certificate(certificate)


BASE = edwards_decode(b"\x58" + b"\x66" * 31)
SCALAR = 0x1234567890ABCDEF


def encoded(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def of_order_eight() -> Point:
    """A torsion point that generates the others."""
    for y in range(2, 100):
        try:
            point = edwards_times(ORDER, edwards_decode(y.to_bytes(32, "little")))
        except Refused:
            continue
        if edwards_times(4, point) != (0, 1):
            return point
    raise AssertionError("there is one among so many")


TORSION = of_order_eight()


def signature(r: Point, factor: int, public: bytes, data: bytes) -> bytes:
    """By the owner of SCALAR, with a nonce point of its own making that is `factor` times the base, but for
    torsion.
    """
    digest = hashlib.sha512(encoded(r) + public + data).digest()
    s = (factor + int.from_bytes(digest, "little") * SCALAR) % ORDER
    return encoded(r) + s.to_bytes(32, "little")


def test_both_take_a_signature_by_the_equation_without_the_cofactor() -> None:
    public, r = encoded(edwards_times(SCALAR, BASE)), edwards_times(77, BASE)
    good = signature(r, 77, public, b"data")
    check_signature(public, good, b"data")
    ed25519_verify(public, b"data", good)
    unreduced = good[:32] + (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    crooked = signature(edwards_add(r, TORSION), 77, public, b"data")
    neutral, small = signature((0, 1), 0, public, b"data"), signature(TORSION, 0, public, b"data")
    for wrong in (unreduced, crooked, neutral, small, *(flip(good, position) for position in range(64))):
        with pytest.raises(PeerError):
            ed25519_verify(public, b"data", wrong)
        with pytest.raises(Refused):
            check_signature(public, wrong, b"data")


def test_both_agree_which_signing_keys_are_points_of_the_prime_order_subgroup() -> None:
    mixed = encoded(edwards_add(edwards_times(SCALAR, BASE), TORSION))
    odd = [encoded(edwards_times(i, TORSION)) for i in range(8)] + [mixed]
    odd += [(2**255 - 19 + y).to_bytes(32, "little") for y in range(19)] + [b"\x01" + bytes(30) + b"\x80"]
    odd += [SeededRng(b"%d" % i).bytes(32) for i in range(8)] + [encoded(BASE)]
    for candidate in odd:
        try:
            taken = onion_of(address_of(candidate)) == candidate
        except Refused:
            taken = False
        assert is_ed25519_public(candidate) is taken
    assert is_ed25519_public(encoded(BASE))


def test_addresses_are_the_same_text() -> None:
    onion = person("somebody").onion
    assert address_of(onion) == addresses.address_of(onion)
    assert onion_of(addresses.address_of(onion).upper()) == onion


def test_safety_numbers_and_codes_are_the_same() -> None:
    one, other = ((someone.onion, someone.sig) for someone in (person("one"), person("other")))
    assert safety_number(one, other) == safety_number(other, one) == product_safety_number(1, one, other)
    assert safety_code(one, other) == safety_code(other, one) == safety.safety_code(one, other)
    assert len(safety_code(one, other)) == 223


def test_each_reads_the_others_invite_and_both_refuse_altered_ones() -> None:
    maker = person("maker")
    theirs = invites.Invite(maker.onion, SECRET, invites.sig_hash(maker.sig), int(START))
    mine = invite_peer.Invite(maker.onion, SECRET, theirs.sig_hash, int(START))
    assert mine.text() == str(theirs)
    assert invites.parse_invite(f"  {mine.text()[:70].upper()}\n{mine.text()[70:]} ") == theirs
    assert invite_peer.read_invite(f"  {str(theirs)[:70].upper()}\n{str(theirs)[70:]} ", 0) == mine
    assert (mine.psk(), mine.reach()) == (theirs.psk, theirs.reach)
    assert mine.names(maker.sig)
    text = str(theirs)
    for at in range(len(text)):
        wrong = text[:at] + ("b" if text[at] == "a" else "a") + text[at + 1 :]
        for bad in (wrong, text[:at], text[:at] + text[at + 1 :], text[:at] + "1" + text[at:]):
            with pytest.raises(ValueError):
                invites.parse_invite(bad)
            with pytest.raises(Refused):
                invite_peer.read_invite(bad, 0)


@pytest.mark.parametrize("onion", [bytes(32), b"\x01" + bytes(31), b"\x02" + bytes(31), b"\xff" * 32])
def test_both_refuse_an_invite_to_an_address_that_nobody_can_own(onion: bytes) -> None:
    text = invite_peer.Invite(onion, SECRET, bytes(16), int(START)).text()
    with pytest.raises(invites.InviteError, match="key"):
        invites.parse_invite(text)
    with pytest.raises(Refused):
        invite_peer.read_invite(text, 0)
