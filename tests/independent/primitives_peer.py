"""The page's notation: H, HKDF, KDF, X25519, ChaChaPoly, XChaCha20-Poly1305, and Ed25519's points."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]


class Refused(Exception):
    """What came from the other side breaks a rule of the page."""


def h32(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(salt: bytes, ikm: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869, extract and expand."""
    prk = hmac_sha256(salt, ikm)
    output = block = b""
    while len(output) < size:
        block = hmac_sha256(prk, block + info + bytes([len(output) // 32 + 1]))
        output += block
    return output[:size]


def kdf(key: bytes, label: str, ctx: bytes, size: int) -> bytes:
    return hkdf(bytes(32), key, b"tuichat/1 " + label.encode() + b"\x00" + ctx, size)


def x25519_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise Refused("X25519: the result is zero") from error


def check_x25519(public: bytes) -> bytes:
    """Canonical and not of low order."""
    if len(public) != 32 or int.from_bytes(public, "little") >= P:
        raise Refused("X25519: not canonical")
    x25519(b"\x01" * 32, public)
    return public


def chachapoly_seal(key: bytes, counter: int, aad: bytes, plain: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(bytes(4) + counter.to_bytes(8, "little"), plain, aad)


def chachapoly_open(key: bytes, counter: int, aad: bytes, sealed: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(4) + counter.to_bytes(8, "little"), sealed, aad)
    except InvalidTag as error:
        raise Refused("ChaChaPoly: tag") from error


def xchacha_seal(key: bytes, nonce: bytes, aad: bytes, plain: bytes) -> bytes:
    return crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, nonce, key)


def xchacha_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
    except CryptoError as error:
        raise Refused("XChaCha20-Poly1305: tag") from error


def edwards_add(a: Point, b: Point) -> Point:
    """RFC 8032, 5.1.4, in affine coordinates."""
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def edwards_times(factor: int, point: Point) -> Point:
    result: Point = (0, 1)
    while factor:
        if factor & 1:
            result = edwards_add(result, point)
        point = edwards_add(point, point)
        factor >>= 1
    return result


def edwards_decode(encoded: bytes) -> Point:
    """RFC 8032, 5.1.3, refusing every encoding that is not canonical."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(encoded) != 32 or y >= P:
        raise Refused("Ed25519: not canonical")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        raise Refused("Ed25519: no point")
    return (x if x & 1 == sign else P - x), y


def check_ed25519(public: bytes) -> bytes:
    """The canonical encoding of a point of the prime-order subgroup that is not its neutral element."""
    point = edwards_decode(public)
    if point == (0, 1) or edwards_times(ORDER, point) != (0, 1):
        raise Refused("Ed25519: outside the prime-order subgroup")
    return public
