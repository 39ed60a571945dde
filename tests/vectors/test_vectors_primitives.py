"""Published test vectors against the primitives as tuichat calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cryptography_vectors
import pytest
from nacl import bindings

from tests.support.deterministic_kem import encapsulate_with
from tests.support.handshakes import flip
from tests.support.seeded_rng import FixedRng
from tuichat.crypto.boundary import peer_input
from tuichat.crypto.curve25519 import ed25519_public, ed25519_sign, ed25519_verify, x25519
from tuichat.crypto.kdf import hkdf_sha256
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.noise import CipherState
from tuichat.errors import PeerError

HERE = Path(__file__).parent
KEM_VECTORS = 60
Vector = dict[str, str]


def lines(name: str) -> Iterator[str]:
    with cryptography_vectors.open_vector_file(name, "r") as file:
        yield from file


def vectors(name: str) -> Iterator[Vector]:
    """The file's records of `key = value` lines, each begun by its count. Keys come in lower case."""
    record: Vector = {}
    for line in lines(name):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or line.startswith("#"):
            continue
        if key.lower() == "count" and record:
            yield record
            record = {}
        record[key.lower()] = value
    yield record


def test_ml_kem_768_as_nist_generated_it() -> None:
    kem = MlKem768()
    records = list(islice(vectors("asymmetric/MLKEM/kat_MLKEM_768.rsp"), KEM_VECTORS))
    assert len(records) == KEM_VECTORS
    for record in records:
        values = {key: bytes.fromhex(value) for key, value in record.items() if key != "count"}
        public, secret = kem.generate(FixedRng(values["d"] + values["z"]))
        assert public == values["pk"]
        assert kem.decapsulate(secret, values["ct"]) == values["ss"]
        assert kem.decapsulate(secret, values["ct_n"]) == values["ss_n"]  # a forged ciphertext
        assert encapsulate_with(public, values["msg"]) == (values["ct"], values["ss"])


def test_x25519_of_rfc_7748() -> None:
    records = list(vectors("asymmetric/X25519/rfc7748.txt"))
    assert len(records) >= 3
    for record in records:
        secret, public = bytes.fromhex(record["input_scalar"]), bytes.fromhex(record["input_u"])
        assert x25519(secret, public).hex() == record["output_u"]


def test_ed25519_of_its_authors() -> None:
    records = list(islice(lines("asymmetric/Ed25519/sign.input"), 200))
    for record in records:
        secret, public, message, signed = (bytes.fromhex(part) for part in record.split(":")[:4])
        assert ed25519_public(secret[:32]) == public
        assert ed25519_sign(secret[:32], message) == signed[:64]
        ed25519_verify(public, message, signed[:64])
        with pytest.raises(PeerError):
            ed25519_verify(public, message, flip(signed[:64], len(message) % 64))


def test_hkdf_sha256_of_rfc_5869() -> None:
    records = list(vectors("KDF/rfc-5869-HKDF-SHA256.txt"))
    assert len(records) == 3
    for record in records:
        key, salt, info = (bytes.fromhex(record[name]) for name in ("ikm", "salt", "info"))
        assert hkdf_sha256(salt, key, info, int(record["l"])).hex() == record["okm"]


def text_or_hex(value: str) -> bytes:
    return value[1:-1].encode() if value.startswith('"') else bytes.fromhex(value)


def test_chacha20_poly1305_of_rfc_7539() -> None:
    records = list(vectors("ciphers/ChaCha20Poly1305/boringssl.txt"))
    assert len(records) >= 3
    for record in records:
        key, nonce, plaintext, associated, ciphertext, tag = (
            text_or_hex(record[name]) for name in ("key", "nonce", "in", "ad", "ct", "tag")
        )
        sealed = bindings.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)
        assert sealed == ciphertext + tag


def test_chacha20_poly1305_of_openssl() -> None:
    names = ("key", "iv", "aad", "tag", "plaintext", "ciphertext")
    for record in vectors("ciphers/ChaCha20Poly1305/openssl.txt"):
        key, nonce, associated, tag, plaintext, ciphertext = (bytes.fromhex(record[name]) for name in names)
        assert nonce.startswith(bytes(4)), "as Noise's nonces do"
        cipher = CipherState(key, int.from_bytes(nonce[4:], "little"))
        if "result" in record:
            with pytest.raises(PeerError):
                cipher.decrypt(associated, ciphertext + tag)
        else:
            assert cipher.copy().encrypt(associated, plaintext) == ciphertext + tag
            assert cipher.decrypt(associated, ciphertext + tag) == plaintext


def test_xchacha20_poly1305_of_its_draft() -> None:
    vector = json.loads((HERE / "xchacha20poly1305.json").read_text(encoding="utf-8"))
    key, nonce, associated, plaintext, ciphertext, tag = (
        bytes.fromhex(vector[name])
        for name in ("key", "nonce", "associated", "plaintext", "ciphertext", "tag")
    )
    seal = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt
    open_ = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt
    sealed = ciphertext + tag
    assert seal(plaintext, associated, nonce, key) == sealed
    assert open_(sealed, associated, nonce, key) == plaintext
    for position in range(len(sealed)):
        for wrong in (sealed[:position], flip(sealed, position)):
            with pytest.raises(PeerError), peer_input():
                open_(wrong, associated, nonce, key)
