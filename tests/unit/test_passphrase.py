"""A wrapped key opens with its passphrase alone, at a cost nobody can lower or raise out of bounds."""

from __future__ import annotations

import struct

import pytest

from tests.support.seeded_rng import SeededRng
from tuichat.crypto import passphrase as module
from tuichat.crypto.passphrase import FLOOR, MODERATE, WRAPPED_LENGTH, Cost, unwrap, wrap
from tuichat.crypto.sealing import UnopenableError, seal, unseal
from tuichat.errors import DamagedError, LockedError, UsageError

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def wrapped() -> bytes:
    return wrap(KEY, "correct horse", SeededRng(), FLOOR)


def test_the_right_passphrase_opens(wrapped: bytes) -> None:
    assert unwrap(wrapped, "correct horse") == KEY
    assert len(wrapped) == WRAPPED_LENGTH == 101
    assert KEY not in wrapped


@pytest.mark.parametrize("wrong", ["correct horsf", "", "x" * 2000, "\udcff", "correct horse\n"])
def test_every_wrong_passphrase_gets_the_same_sentence(wrapped: bytes, wrong: str) -> None:
    with pytest.raises(LockedError) as caught:
        unwrap(wrapped, wrong)
    assert (caught.value.message, caught.value.hint) == ("The passphrase is wrong.", "")


def test_the_same_letters_composed_differently_are_the_same_passphrase() -> None:
    assert unwrap(wrap(KEY, "Zoe\u0308", SeededRng(), FLOOR), "Zo\u00eb") == KEY


def test_the_longest_and_the_shortest_passphrase_work() -> None:
    for secret in ("é" * 512, "\x00"):
        assert unwrap(wrap(KEY, secret, SeededRng(), FLOOR), secret) == KEY


@pytest.mark.parametrize("unusable", ["", "x" * 1025, "é" * 513, "\ud800"])
def test_an_unusable_passphrase_is_refused_on_wrapping(unusable: str) -> None:
    with pytest.raises(UsageError):
        wrap(KEY, unusable, SeededRng(), FLOOR)


def test_moderate_is_three_passes_over_256_mebibytes() -> None:
    assert (MODERATE.passes, MODERATE.memory) == (3, 256 * 1024)
    assert wrap.__defaults__ == (MODERATE,)


def test_each_wrapping_has_its_own_salt_and_nonce() -> None:
    rng = SeededRng()
    one, other = wrap(KEY, "x", rng, FLOOR), wrap(KEY, "x", rng, FLOOR)
    assert one[13:29] != other[13:29]
    assert one[29:53] != other[29:53]


@pytest.mark.parametrize(("passes", "memory"), [(0, 65536), (17, 65536), (1, 65535), (1, 2**20 + 1)])
def test_a_cost_out_of_bounds_cannot_be_made(passes: int, memory: int) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Cost(passes, memory)


@pytest.mark.parametrize(
    ("passes", "memory"), [(0, 65536), (17, 65536), (2**32 - 1, 65536), (1, 65535), (1, 0), (1, 2**32 - 1)]
)
def test_a_cost_out_of_bounds_is_refused_before_any_memory_is_taken(
    wrapped: bytes, passes: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_arguments: object) -> bytes:
        raise AssertionError("memory was taken")

    monkeypatch.setattr(module, "_derived", taken)
    changed = wrapped[:5] + struct.pack(">II", passes, memory) + wrapped[13:]
    with pytest.raises(DamagedError):
        unwrap(changed, "correct horse")


@pytest.mark.parametrize("length", [0, 1, 29, 53, 100, 102])
def test_another_length_is_damage(wrapped: bytes, length: int) -> None:
    with pytest.raises(DamagedError):
        unwrap((wrapped + b"\x00")[:length], "correct horse")


@pytest.mark.parametrize("place", [0, 4, 8, 12, 13, 28, 29, 52, 53, 84, 85, 100])
def test_a_flipped_bit_opens_nothing(wrapped: bytes, place: int) -> None:
    changed = bytearray(wrapped)
    changed[place] ^= 2
    with pytest.raises((DamagedError, LockedError)):
        unwrap(bytes(changed), "correct horse")


def test_a_seal_binds_its_associated_data() -> None:
    sealed = seal(KEY, b"text", b"bound", SeededRng())
    assert unseal(KEY, sealed, b"bound") == b"text"
    for key, data, bound in ((bytes(32), sealed, b"bound"), (KEY, sealed, b""), (KEY, sealed[:39], b"bound")):
        with pytest.raises(UnopenableError):
            unseal(key, data, bound)
