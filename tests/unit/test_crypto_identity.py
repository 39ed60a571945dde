"""Identities, certificates, pins and safety numbers."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from tests.support.fixed_clock import START
from tests.support.handshakes import LOW_ORDER_U, flip, person
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.curve25519 import ed25519_sign
from tuichat.crypto.identity import (
    CERTIFICATE_LENGTH,
    Certificate,
    Identity,
    Pins,
    PinVerdict,
    judge_pins,
    next_epoch,
    parse_certificate,
    pins_of,
    rotate_ik,
    safety_hashes,
    safety_number,
)
from tuichat.errors import PeerError

ALICE = person("alice")
BOB = person("bob")


def signed_by(identity: Identity, **fields: int | bytes) -> bytes:
    """A certificate that this identity signs whatever it says."""
    values: dict[str, int | bytes] = {
        "version": 1,
        "epoch": 7,
        "capabilities": 0,
        "onion": identity.onion,
        "sig": identity.sig,
    }
    values |= {"ik": identity.ik} | fields
    signed = struct.pack(">BII32s32s32s", *values.values())
    statement = b"tuichat/cert/v1\0" + signed
    return signed + ed25519_sign(identity.onion_seed, statement) + ed25519_sign(identity.sig_seed, statement)


def certificate_of(identity: Identity, **fields: int | bytes) -> Certificate:
    return parse_certificate(signed_by(identity, **fields))


def test_certificate_says_what_its_owner_is() -> None:
    certificate = parse_certificate(ALICE.certificate)
    assert len(ALICE.certificate) == CERTIFICATE_LENGTH
    assert (certificate.onion, certificate.sig, certificate.ik) == (ALICE.onion, ALICE.sig, ALICE.ik)
    assert certificate.epoch == ALICE.epoch
    assert certificate.raw == ALICE.certificate


def test_public_keys_and_certificate_are_worked_out_once() -> None:
    for name in ("onion", "sig", "ik", "certificate"):
        assert getattr(ALICE, name) is getattr(ALICE, name)
    assert ALICE.certificate == signed_by(ALICE, epoch=ALICE.epoch)


def test_three_keys_are_independent() -> None:
    assert len({ALICE.onion_seed, ALICE.sig_seed, ALICE.ik_secret}) == 3


def test_every_bit_flip_in_a_certificate_is_refused() -> None:
    for position in range(CERTIFICATE_LENGTH):
        with pytest.raises(PeerError):
            parse_certificate(flip(ALICE.certificate, position))


def test_every_truncation_of_a_certificate_is_refused() -> None:
    for length in range(CERTIFICATE_LENGTH):
        with pytest.raises(PeerError):
            parse_certificate(ALICE.certificate[:length])
    with pytest.raises(PeerError):
        parse_certificate(ALICE.certificate + b"\0")


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_certificate_over_a_low_order_key_is_refused_however_well_signed(point: bytes) -> None:
    with pytest.raises(PeerError):
        certificate_of(ALICE, ik=point)


def test_certificate_over_a_degenerate_signing_key_is_refused() -> None:
    for name in ("onion", "sig"):
        with pytest.raises(PeerError):
            certificate_of(ALICE, **{name: bytes(32)})


def test_certificate_of_another_version_is_refused() -> None:
    with pytest.raises(PeerError):
        certificate_of(ALICE, version=2)


def test_nobody_can_claim_anothers_onion_or_sig() -> None:
    for name in ("onion", "sig"):
        with pytest.raises(PeerError):
            certificate_of(ALICE, **{name: getattr(BOB, name)})


def test_unknown_capabilities_are_no_fault() -> None:
    assert certificate_of(ALICE, capabilities=2**32 - 1).capabilities == 2**32 - 1


def test_nothing_secret_or_naming_stands_in_a_repr() -> None:
    certificate = parse_certificate(ALICE.certificate)
    for thing in (ALICE, certificate, pins_of(certificate)):
        for value in (ALICE.onion_seed, ALICE.sig_seed, ALICE.ik_secret, ALICE.onion, ALICE.sig, ALICE.ik):
            assert repr(value) not in repr(thing)
            assert value.hex() not in repr(thing)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (0, 1_577_836_800 + 60 * 1000, 1000),
        (2000, 1_577_836_800 + 60 * 1000, 2001),
        (0, 0.0, 1),
        (2**32 - 1, START, 2**32 - 1),
    ],
)
def test_epoch_grows_even_when_the_clock_does_not(last: int, now: float, expected: int) -> None:
    assert next_epoch(last, now) == expected


def test_new_identity_takes_its_epoch_from_the_clock() -> None:
    assert Identity.generate(SeededRng(), START).epoch == next_epoch(0, START)


def test_pins_are_judged_by_sig_then_epoch_then_ik() -> None:
    other_ik = BOB.ik
    pins = pins_of(certificate_of(ALICE))
    assert judge_pins(None, certificate_of(ALICE)) is PinVerdict.FIRST
    assert judge_pins(pins, certificate_of(ALICE)) is PinVerdict.SAME
    assert judge_pins(pins, certificate_of(ALICE, epoch=8, ik=other_ik)) is PinVerdict.NEW_IK
    assert judge_pins(pins, certificate_of(ALICE, epoch=8)) is PinVerdict.NEW_IK
    assert judge_pins(pins, certificate_of(ALICE, epoch=6)) is PinVerdict.STALE
    assert judge_pins(pins, certificate_of(ALICE, epoch=6, ik=other_ik)) is PinVerdict.STALE
    assert judge_pins(pins, certificate_of(ALICE, ik=other_ik)) is PinVerdict.STALE
    for epoch in (6, 7, 8):
        other = dataclasses.replace(ALICE, sig_seed=BOB.sig_seed)
        assert judge_pins(pins, certificate_of(other, epoch=epoch)) is PinVerdict.OTHER_SIG


def test_pins_of_another_onion_are_a_bug_here() -> None:
    with pytest.raises(ValueError):
        judge_pins(Pins(BOB.onion, ALICE.sig, ALICE.ik, 7), certificate_of(ALICE))


def test_safety_number_is_sixty_digits_equal_on_both_sides() -> None:
    alice, bob = (ALICE.onion, ALICE.sig), (BOB.onion, BOB.sig)
    number = safety_number(1, alice, bob)
    assert number == safety_number(1, bob, alice)
    assert len(number) == 60
    assert number.isdecimal()


def test_safety_number_changes_with_version_onion_or_sig_and_not_with_ik() -> None:
    alice, bob = (ALICE.onion, ALICE.sig), (BOB.onion, BOB.sig)
    numbers = {
        safety_number(1, alice, bob),
        safety_number(2, alice, bob),
        safety_number(1, (ALICE.onion, BOB.sig), bob),
        safety_number(1, (person("carol").onion, ALICE.sig), bob),
    }
    assert len(numbers) == 4
    rotated = rotate_ik(ALICE, SeededRng(b"rotation"), START)
    assert (rotated.onion, rotated.sig) == alice


def test_safety_number_is_the_beginning_of_the_whole_hashes() -> None:
    alice, bob = (ALICE.onion, ALICE.sig), (BOB.onion, BOB.sig)
    lower, higher = safety_hashes(1, alice, bob)
    assert (lower, higher) == safety_hashes(1, bob, alice)
    assert len(lower) == len(higher) == 64
    assert safety_number(1, alice, bob)[:5] == f"{int.from_bytes(lower[:5], 'big') % 100_000:05d}"
    assert safety_number(1, alice, bob)[30:35] == f"{int.from_bytes(higher[:5], 'big') % 100_000:05d}"


def test_rotation_makes_a_new_ik_that_pins_take_and_keeps_everything_else() -> None:
    rotated = rotate_ik(ALICE, SeededRng(b"rotation"), START)
    assert rotated.ik != ALICE.ik
    assert rotated.epoch == ALICE.epoch + 1
    assert (rotated.onion_seed, rotated.sig_seed) == (ALICE.onion_seed, ALICE.sig_seed)
    pins, certificate = (
        pins_of(certificate_of(ALICE, epoch=ALICE.epoch)),
        parse_certificate(rotated.certificate),
    )
    assert judge_pins(pins, certificate) is PinVerdict.NEW_IK
    assert judge_pins(pins_of(certificate), parse_certificate(ALICE.certificate)) is PinVerdict.STALE


def test_rotation_that_nobody_would_take_is_refused() -> None:
    with pytest.raises(ValueError, match="epoch"):
        rotate_ik(dataclasses.replace(ALICE, epoch=2**32 - 1), SeededRng(), START)
