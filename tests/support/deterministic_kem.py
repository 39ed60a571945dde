"""ML-KEM-768 whose every random byte comes from the Rng, so that a handshake can be replayed.

Keys and decapsulation are the real library's; only encapsulation, where the library takes no randomness, is
written out here from FIPS 203 (algorithms 4-17, with k = 3, eta1 = eta2 = 2, du = 10, dv = 4). For tests: it
is slow and not constant in time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from operator import add, sub

from tuichat.clock import Rng
from tuichat.crypto.kem import MlKem768

_Q = 3329
_N = 256
_K = 3
_ROOT = 17
_POLYNOMIAL_BYTES = 384

Polynomial = list[int]
Butterfly = tuple[slice, slice, Polynomial]
"""Places of the lower and the upper halves of pairs, and the zetas of their upper halves."""


def _bit_reversed(value: int) -> int:
    return int(f"{value:07b}"[::-1], 2)


_ZETAS = [pow(_ROOT, _bit_reversed(i), _Q) for i in range(128)]


def _butterflies(length: int, zetas: Polynomial) -> Iterator[Butterfly]:
    """One layer of a transform, whose blocks have `length` pairs and a zeta each, in few large steps."""
    blocks = len(zetas)
    if length > blocks:
        for block, zeta in enumerate(zetas):
            start = 2 * length * block
            yield slice(start, start + length), slice(start + length, start + 2 * length), [zeta] * length
    else:
        for start in range(length):
            yield slice(start, None, 2 * length), slice(start + length, None, 2 * length), zetas


_BLOCKS = [1 << layer for layer in range(7)]
_BUTTERFLIES = [
    each for count in _BLOCKS for each in _butterflies(_N // 2 // count, _ZETAS[count : 2 * count])
]
_INVERSE_BUTTERFLIES = [
    each
    for count in reversed(_BLOCKS)
    for each in _butterflies(_N // 2 // count, _ZETAS[count : 2 * count][::-1])
]
_INVERSE_OF_128 = pow(128, -1, _Q)
_NOISE = [((b & 1) + (b >> 1 & 1) - (b >> 2 & 1) - (b >> 3)) % _Q for b in range(16)]
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
    stream = hashlib.shake_128(seed).digest(1344)
    # 336 candidates mostly do for 256 places; that 896 do not is as good as impossible.
    for length in (504, 1344):
        values = [value for value in _numbers_of_12_bits(stream[:length]) if value < _Q]
        if len(values) >= _N:
            break
    return values[:_N]


def _numbers_of_12_bits(data: bytes) -> Polynomial:
    return [
        value
        for low, middle, high in zip(data[::3], data[1::3], data[2::3], strict=True)
        for value in (low | (middle & 15) << 8, middle >> 4 | high << 4)
    ]


def _sample_noise(coins: bytes, index: int) -> Polynomial:
    """SamplePolyCBD with eta = 2 (algorithm 8)."""
    stream = hashlib.shake_256(coins + bytes([index])).digest(128)
    return [value for byte in stream for value in (_NOISE[byte & 15], _NOISE[byte >> 4])]


def _ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 9. Sums are reduced once, at the end: Python's numbers do not overflow."""
    f = list(polynomial)
    for low, high, zetas in _BUTTERFLIES:
        one, other = f[low], [zeta * value % _Q for zeta, value in zip(zetas, f[high], strict=True)]
        f[low] = map(add, one, other)
        f[high] = map(sub, one, other)
    return [value % _Q for value in f]


def _inverse_ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 10."""
    f = list(polynomial)
    for low, high, zetas in _INVERSE_BUTTERFLIES:
        one, other = f[low], f[high]
        f[low] = map(add, one, other)
        f[high] = [zeta * value % _Q for zeta, value in zip(zetas, map(sub, other, one), strict=True)]
    return [value * _INVERSE_OF_128 % _Q for value in f]


def _dot(left: list[Polynomial], right: list[Polynomial]) -> Polynomial:
    """The sum of the products of polynomials in NTT form (algorithms 11 and 12)."""
    even = [0] * (_N // 2)
    odd = [0] * (_N // 2)
    for f, g in zip(left, right, strict=True):
        quads = list(zip(f[::2], f[1::2], g[::2], g[1::2], strict=True))
        even = [
            total + a0 * b0 + a1 * b1 % _Q * gamma
            for total, gamma, (a0, a1, b0, b1) in zip(even, _GAMMAS, quads, strict=True)
        ]
        odd = [total + a0 * b1 + a1 * b0 for total, (a0, a1, b0, b1) in zip(odd, quads, strict=True)]
    return [value % _Q for pair in zip(even, odd, strict=True) for value in pair]


def _add(f: Polynomial, g: Polynomial) -> Polynomial:
    return [value % _Q for value in map(add, f, g)]


def _decode_12(data: bytes) -> Polynomial:
    return _numbers_of_12_bits(data)


def _encode(polynomial: Polynomial, width: int) -> bytes:
    """Compress to `width` bits and encode (algorithm 5)."""
    twice, mask = 2 * _Q, (1 << width) - 1
    digits = [((value << width + 1) + _Q) // twice & mask for value in polynomial]
    while len(digits) > 1:
        digits = [low | high << width for low, high in zip(digits[::2], digits[1::2], strict=True)]
        width *= 2
    return digits[0].to_bytes(width // 8, "little")
