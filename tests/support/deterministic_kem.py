"""ML-KEM-768 whose every random byte comes from the Rng, so that a handshake can be replayed.

Keys and decapsulation are the real library's; only encapsulation, where the library takes no randomness, is
written out here from FIPS 203 (algorithms 4-17, with k = 3, eta1 = eta2 = 2, du = 10, dv = 4). For tests: it
is slow and not constant in time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tuichat.clock import Rng
from tuichat.crypto.kem import MlKem768

_Q = 3329
_N = 256
_K = 3
_ROOT = 17
_POLYNOMIAL_BYTES = 384

Polynomial = list[int]


def _bit_reversed(value: int) -> int:
    return int(f"{value:07b}"[::-1], 2)


_ZETAS = [pow(_ROOT, _bit_reversed(i), _Q) for i in range(128)]
_GAMMAS = [pow(_ROOT, 2 * _bit_reversed(i) + 1, _Q) for i in range(128)]


class DeterministicMlKem768(MlKem768):
    """The same algorithm; 32 bytes of the Rng decide each encapsulation."""

    def encapsulate(self, public: bytes, rng: Rng) -> tuple[bytes, bytes]:
        self.check_public(public)
        return encapsulate_with(public, rng.bytes(32))


def encapsulate_with(public: bytes, message: bytes) -> tuple[bytes, bytes]:
    """ML-KEM.Encaps_internal (algorithm 17): (ciphertext, shared) from the random `message`, 32 bytes."""
    digest = hashlib.sha3_512(message + hashlib.sha3_256(public).digest()).digest()
    return _encrypt(public, message, digest[32:]), digest[:32]


def _encrypt(public: bytes, message: bytes, coins: bytes) -> bytes:
    """K-PKE.Encrypt (algorithm 14)."""
    t_hat = [_decode_12(public[i * _POLYNOMIAL_BYTES :][:_POLYNOMIAL_BYTES]) for i in range(_K)]
    rho = public[_K * _POLYNOMIAL_BYTES :]
    noise = [_sample_noise(coins, i) for i in range(2 * _K + 1)]
    y_hat = [_ntt(polynomial) for polynomial in noise[:_K]]
    ciphertext = b""
    for i in range(_K):
        row = [_sample_uniform(rho + bytes([i, j])) for j in range(_K)]
        u = _add(_inverse_ntt(_dot(row, y_hat)), noise[_K + i])
        ciphertext += _encode(u, 10)
    mu = [(message[i // 8] >> i % 8 & 1) * (_Q + 1) // 2 for i in range(_N)]
    v = _add(_add(_inverse_ntt(_dot(t_hat, y_hat)), noise[2 * _K]), mu)
    return ciphertext + _encode(v, 4)


def _sample_uniform(seed: bytes) -> Polynomial:
    """SampleNTT (algorithm 7)."""
    return [value for value, _ in zip(_rejected(seed), range(_N), strict=False)]


def _rejected(seed: bytes) -> Iterator[int]:
    # 1,344 bytes give 896 candidates for 256 places; that too few pass is as good as impossible.
    stream = hashlib.shake_128(seed).digest(1344)
    for i in range(0, len(stream), 3):
        pair = int.from_bytes(stream[i : i + 3], "little")
        yield from (value for value in (pair & 0xFFF, pair >> 12) if value < _Q)


def _sample_noise(coins: bytes, index: int) -> Polynomial:
    """SamplePolyCBD with eta = 2 (algorithm 8)."""
    bits = int.from_bytes(hashlib.shake_256(coins + bytes([index])).digest(128), "little")
    nibbles = (bits >> 4 * i & 15 for i in range(_N))
    return [((b & 1) + (b >> 1 & 1) - (b >> 2 & 1) - (b >> 3)) % _Q for b in nibbles]


def _ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 9."""
    f = list(polynomial)
    index, length = 1, 128
    while length >= 2:
        for start in range(0, _N, 2 * length):
            zeta = _ZETAS[index]
            index += 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % _Q
                f[j + length], f[j] = (f[j] - t) % _Q, (f[j] + t) % _Q
        length //= 2
    return f


def _inverse_ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 10."""
    f = list(polynomial)
    index, length = 127, 2
    while length <= 128:
        for start in range(0, _N, 2 * length):
            zeta = _ZETAS[index]
            index -= 1
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % _Q
                f[j + length] = zeta * (f[j + length] - t) % _Q
        length *= 2
    return [value * pow(128, -1, _Q) % _Q for value in f]


def _dot(left: list[Polynomial], right: list[Polynomial]) -> Polynomial:
    total = [0] * _N
    for one, other in zip(left, right, strict=True):
        total = _add(total, _multiply(one, other))
    return total


def _multiply(f: Polynomial, g: Polynomial) -> Polynomial:
    """MultiplyNTTs (algorithms 11 and 12)."""
    product = []
    for i, gamma in enumerate(_GAMMAS):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        product += [(a0 * b0 + a1 * b1 * gamma) % _Q, (a0 * b1 + a1 * b0) % _Q]
    return product


def _add(f: Polynomial, g: Polynomial) -> Polynomial:
    return [(a + b) % _Q for a, b in zip(f, g, strict=True)]


def _decode_12(data: bytes) -> Polynomial:
    bits = int.from_bytes(data, "little")
    return [bits >> 12 * i & 0xFFF for i in range(_N)]


def _encode(polynomial: Polynomial, width: int) -> bytes:
    """Compress to `width` bits and encode (algorithm 5)."""
    bits = 0
    for i, value in enumerate(polynomial):
        compressed = ((value << width + 1) + _Q) // (2 * _Q) % (1 << width)
        bits |= compressed << width * i
    return bits.to_bytes(_N * width // 8, "little")
