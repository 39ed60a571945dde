"""A wrapped key opens with its passphrase alone, at a cost nobody can lower or raise out of bounds."""

from __future__ import annotations

import struct

import pytest

from tests.support.seeded_rng import SeededRng
from tuichat.crypto import passphrase as module
from tuichat.crypto.passphrase import (
    FLOOR,
    MODERATE,
    WRAPPED_LENGTH,
    Cost,
    DuressError,
    Secret,
    needs_key_file,
    noise,
    portable,
    unwrap,
    with_duress,
    wrap,
)
from tuichat.crypto.sealing import UnopenableError, seal, unseal
from tuichat.errors import DamagedError, LockedError, UsageError

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def wrapped() -> bytes:
    return wrap(KEY, "correct horse", SeededRng(), FLOOR)


def test_the_right_passphrase_opens(wrapped: bytes) -> None:
    assert unwrap(wrapped, "correct horse") == KEY
    assert len(wrapped) == WRAPPED_LENGTH == 174
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
    for part in (slice(14, 30), slice(30, 54), slice(102, 174)):
        assert one[part] != other[part]


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
    changed = wrapped[:6] + struct.pack(">II", passes, memory) + wrapped[14:]
    with pytest.raises(DamagedError):
        unwrap(changed, "correct horse")


@pytest.mark.parametrize("length", [0, 1, 30, 54, 101, 103, 173, 175])
def test_another_length_is_damage(wrapped: bytes, length: int) -> None:
    with pytest.raises(DamagedError):
        unwrap((wrapped + b"\x00")[:length], "correct horse")


@pytest.mark.parametrize("place", [0, 4, 5, 6, 9, 13, 14, 29, 30, 53, 54, 101])
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


FILE = bytes(range(64))


@pytest.fixture(scope="module")
def with_file() -> bytes:
    return wrap(KEY, Secret("correct horse", FILE), SeededRng(), FLOOR)


def test_with_a_key_file_both_are_needed_and_nothing_tells_which_was_wrong(with_file: bytes) -> None:
    assert unwrap(with_file, Secret("correct horse", FILE)) == KEY
    answers = set()
    for wrong in (
        Secret("correct horse"),
        Secret("correct horse", bytes(64)),
        Secret("correct horse", FILE + b"\0"),
        Secret("wrong", FILE),
        Secret("", FILE),
        Secret("wrong"),
    ):
        with pytest.raises(LockedError) as caught:
            unwrap(with_file, wrong)
        answers.add((caught.value.message, caught.value.hint))
    assert len(answers) == 1
    assert "needs its key file" in answers.pop()[0]


def test_a_key_file_that_is_not_needed_does_not_count(wrapped: bytes, with_file: bytes) -> None:
    assert unwrap(wrapped, Secret("correct horse", FILE)) == KEY
    assert (needs_key_file(wrapped), needs_key_file(with_file)) == (False, True)


def test_whether_a_key_file_is_needed_cannot_be_changed_from_outside(
    wrapped: bytes, with_file: bytes
) -> None:
    for sealed, secret in ((wrapped, Secret("correct horse")), (with_file, Secret("correct horse", FILE))):
        changed = sealed[:5] + bytes([sealed[5] ^ 1]) + sealed[6:]
        with pytest.raises(LockedError):
            unwrap(changed, secret)
    with pytest.raises(DamagedError):
        unwrap(wrapped[:5] + b"\x02" + wrapped[6:], "correct horse")


def test_a_missing_key_file_costs_a_guess_as_a_wrong_one_does(
    with_file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    guesses: list[bytes] = []

    def derived(secret: bytes, _header: bytes) -> bytes:
        guesses.append(secret)
        return bytes(32)

    monkeypatch.setattr(module, "_derived", derived)
    for key_file in (None, bytes(64)):
        with pytest.raises(LockedError):
            unwrap(with_file, Secret("correct horse", key_file))
    assert guesses == [b"correct horse"] * 2


def test_a_secret_is_not_in_its_repr() -> None:
    assert repr(Secret("correct horse", FILE)) == "Secret()"


def test_a_backup_holds_the_first_slot_alone(wrapped: bytes) -> None:
    assert portable(wrapped) == wrapped[:102]
    assert unwrap(portable(wrapped), "correct horse") == KEY


def test_what_the_first_version_wrapped_still_opens() -> None:
    header = struct.pack(">4sBII16s", b"TUIK", 1, 1, 65536, b"s" * 16)
    old = header + seal(module._derived(b"correct horse", header), KEY, header, SeededRng())
    assert (len(old), unwrap(old, "correct horse"), portable(old)) == (101, KEY, old)
    assert not needs_key_file(old)
    with pytest.raises(LockedError, match="passphrase is wrong"):
        unwrap(old, Secret("wrong", FILE))


@pytest.fixture(scope="module")
def under_duress(wrapped: bytes) -> bytes:
    return with_duress(wrapped, Secret("open sesame"), SeededRng(b"duress"))


def test_a_duress_passphrase_is_answered_as_a_wrong_one(wrapped: bytes, under_duress: bytes) -> None:
    assert unwrap(under_duress, "correct horse") == KEY
    with pytest.raises(DuressError) as duress:
        unwrap(under_duress, "open sesame")
    with pytest.raises(LockedError) as wrong:
        unwrap(under_duress, "wrong")
    assert type(wrong.value) is LockedError
    for error in (duress.value, wrong.value):
        assert (error.message, error.hint, error.code, error.exit_code) == (
            "The passphrase is wrong.",
            "",
            "locked",
            6,
        )
    with pytest.raises(LockedError) as before:
        unwrap(wrapped, "open sesame")
    assert type(before.value) is LockedError


def test_nothing_shows_whether_there_is_a_duress_passphrase(wrapped: bytes, under_duress: bytes) -> None:
    assert len(wrapped) == len(under_duress)
    assert wrapped[:102] == under_duress[:102]
    for slot in (wrapped[102:], under_duress[102:]):
        assert len(set(slot)) > 40  # bytes that look drawn, no marks and no zeros
    assert portable(under_duress) == portable(wrapped)


def test_a_slot_opens_nothing_in_the_place_of_the_other(under_duress: bytes) -> None:
    swapped = under_duress[:30] + under_duress[102:] + under_duress[30:102]
    for secret in ("correct horse", "open sesame"):
        with pytest.raises(LockedError) as caught:
            unwrap(swapped, secret)
        assert type(caught.value) is LockedError


def test_with_a_key_file_the_duress_passphrase_needs_it_too(with_file: bytes) -> None:
    wrapped = with_duress(with_file, Secret("open sesame", FILE), SeededRng())
    with pytest.raises(DuressError):
        unwrap(wrapped, Secret("open sesame", FILE))
    with pytest.raises(LockedError) as caught:
        unwrap(wrapped, Secret("open sesame"))
    assert type(caught.value) is LockedError


@pytest.mark.parametrize("unusable", ["correct horse", "", "x" * 1025])
def test_the_duress_passphrase_is_another_one(wrapped: bytes, unusable: str) -> None:
    with pytest.raises(UsageError):
        with_duress(wrapped, Secret(unusable), SeededRng())


def test_noise_looks_like_a_wrapped_key_and_is_none(wrapped: bytes, with_file: bytes) -> None:
    for real, secret in ((wrapped, Secret("correct horse")), (with_file, Secret("correct horse", FILE))):
        made = noise(real, SeededRng(b"noise"))
        assert (len(made), made[:14], made[14:30] != real[14:30]) == (174, real[:14], True)
        assert needs_key_file(made) == needs_key_file(real)
        with pytest.raises(LockedError):
            unwrap(made, secret)


@pytest.mark.parametrize("length", [0, 63, 65])
def test_what_is_no_key_file_locks_nothing(length: int) -> None:
    with pytest.raises(UsageError, match="64 bytes"):
        wrap(KEY, Secret("correct horse", bytes(length)), SeededRng(), FLOOR)
