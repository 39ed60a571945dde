"""Key derivation."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tuichat.crypto.kdf import blake2b_256, blake2b_512, hkdf_sha256, hmac_sha256, kdf, keyed_blake2b_128

PACKAGE = Path(__file__).parents[2] / "tuichat"


def labels_used() -> list[str]:
    """The second argument of every call of kdf in the package."""
    labels = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "kdf":
                label = node.args[1]
                assert isinstance(label, ast.Constant), f"{path}: a label must stand there literally"
                labels.append(str(label.value))
    return labels


def test_every_label_has_one_use() -> None:
    uses = Counter(labels_used())
    assert {"pair psk", "knock", "next"} <= set(uses)
    assert [label for label, count in uses.items() if count > 1] == []


def test_label_and_context_cannot_be_shifted_into_each_other() -> None:
    assert kdf(b"key", "ab", b"c", 32) != kdf(b"key", "a", b"bc", 32)


def test_kdf_is_hkdf_with_a_zero_salt_and_the_named_info() -> None:
    expected = hkdf_sha256(bytes(32), b"key", b"tuichat/1 sid\0ctx", 16)
    assert kdf(b"key", "sid", b"ctx", 16) == expected


def test_label_with_a_zero_byte_or_beyond_ascii_is_refused() -> None:
    for label in ("a\0b", "schlüssel"):
        with pytest.raises(ValueError):
            kdf(b"key", label, b"", 32)


def test_hkdf_gives_every_length_it_can_and_no_other() -> None:
    longest = hkdf_sha256(b"salt", b"key", b"", 8160)
    assert len(longest) == 8160
    assert longest.startswith(hkdf_sha256(b"salt", b"key", b"", 33))
    for length in (0, -1, 8161):
        with pytest.raises(ValueError):
            hkdf_sha256(b"salt", b"key", b"", length)


def test_hashes_have_their_lengths_and_differ() -> None:
    assert len(blake2b_256(b"x")) == 32
    assert len(blake2b_512(b"x")) == 64
    assert len(keyed_blake2b_128(b"key", b"x")) == 16
    assert len(hmac_sha256(b"key", b"x")) == 32
    assert blake2b_512(b"x")[:32] != blake2b_256(b"x")
    assert keyed_blake2b_128(b"key", b"x") != keyed_blake2b_128(b"kez", b"x")
