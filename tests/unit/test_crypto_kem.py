"""ML-KEM-768 as the handshake calls it."""

from __future__ import annotations

import pytest

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_kem import SimulatedKem
from tuichat.crypto.kem import CIPHERTEXT_LENGTH, PUBLIC_LENGTH, SHARED_LENGTH, Kem, MlKem768
from tuichat.errors import PeerError

KEMS: list[Kem] = [MlKem768(), DeterministicMlKem768(), SimulatedKem()]


@pytest.fixture(params=KEMS, ids=lambda kem: type(kem).__name__)
def kem(request: pytest.FixtureRequest) -> Kem:
    chosen: Kem = request.param
    return chosen


def test_both_sides_get_the_same_secret(kem: Kem) -> None:
    rng = SeededRng()
    public, secret = kem.generate(rng)
    ciphertext, shared = kem.encapsulate(public, rng)
    assert kem.decapsulate(secret, ciphertext) == shared
    assert (len(public), len(ciphertext), len(shared)) == (PUBLIC_LENGTH, CIPHERTEXT_LENGTH, SHARED_LENGTH)


def test_key_pair_comes_from_the_randomness_handed_in(kem: Kem) -> None:
    assert kem.generate(SeededRng(b"a")) == kem.generate(SeededRng(b"a"))
    assert kem.generate(SeededRng(b"a")) != kem.generate(SeededRng(b"b"))


def test_forged_ciphertext_gives_an_unrelated_secret_and_no_complaint(kem: Kem) -> None:
    public, secret = kem.generate(SeededRng())
    ciphertext, shared = kem.encapsulate(public, SeededRng(b"e"))
    forged = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert kem.decapsulate(secret, forged) != shared


@pytest.mark.parametrize("length", [0, 1, 1087, 1089])
def test_ciphertext_of_another_length_is_refused(kem: Kem, length: int) -> None:
    with pytest.raises(PeerError):
        kem.decapsulate(kem.generate(SeededRng())[1], bytes(length))


@pytest.mark.parametrize("length", [0, 1, 1183, 1185])
def test_encapsulation_key_of_another_length_is_refused(kem: Kem, length: int) -> None:
    for use in (kem.check_public, lambda public: kem.encapsulate(public, SeededRng())):
        with pytest.raises(PeerError):
            use(bytes(length))


@pytest.mark.parametrize("coefficient", [0, 1, 767])
def test_encapsulation_key_with_an_unreduced_coefficient_is_refused(kem: Kem, coefficient: int) -> None:
    public, _ = kem.generate(SeededRng())
    kem.check_public(public)
    bits = int.from_bytes(public[:1152], "little") | 0xFFF << 12 * coefficient
    poisoned = bits.to_bytes(1152, "little") + public[1152:]
    for use in (kem.check_public, lambda key: kem.encapsulate(key, SeededRng())):
        with pytest.raises(PeerError):
            use(poisoned)
