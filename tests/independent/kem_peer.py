"""ML-KEM-768 written out from FIPS 203: slow, not constant-time, and the same bytes for the same seeds.

A key pair is made of 64 bytes (d || z), an encapsulation of 32 (m), so that a transcript can be rebuilt.
"""

from __future__ import annotations

import hashlib

from tests.independent.primitives_peer import Refused

Polynomial = list[int]

Q = 3329
K = 3
EK_BYTES = 1184
CT_BYTES = 1088
DU, DV = 10, 4  # bits kept of each coefficient of u and v


def _bit_reversed(i: int) -> int:
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, _bit_reversed(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _bit_reversed(i) + 1, Q) for i in range(128)]


def ntt(polynomial: Polynomial) -> Polynomial:
    f, i, length = list(polynomial), 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta = ZETAS[i]
            i += 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length] = (f[j] - t) % Q
                f[j] = (f[j] + t) % Q
        length //= 2
    return f


def inverse_ntt(polynomial: Polynomial) -> Polynomial:
    f, i, length = list(polynomial), 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta = ZETAS[i]
            i -= 1
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % Q
                f[j + length] = zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]  # 3303 = 1/128 mod q


def product(a: Polynomial, b: Polynomial) -> Polynomial:
    """Of two polynomials in the NTT domain."""
    c = []
    for i in range(128):
        a0, a1, b0, b1 = a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]
        c += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return c


def total(*polynomials: Polynomial) -> Polynomial:
    return [sum(coefficients) % Q for coefficients in zip(*polynomials, strict=True)]


def dot(a: list[Polynomial], b: list[Polynomial]) -> Polynomial:
    return total(*(product(x, y) for x, y in zip(a, b, strict=True)))


def encode(polynomial: Polynomial, bits: int) -> bytes:
    number = sum(x << (bits * i) for i, x in enumerate(polynomial))
    return number.to_bytes(32 * bits, "little")


def decode(encoded: bytes, bits: int) -> Polynomial:
    number = int.from_bytes(encoded, "little")
    return [(number >> (bits * i)) & ((1 << bits) - 1) for i in range(256)]


def compress(polynomial: Polynomial, bits: int) -> Polynomial:
    return [(((x << (bits + 1)) + Q) // (2 * Q)) % (1 << bits) for x in polynomial]


def decompress(polynomial: Polynomial, bits: int) -> Polynomial:
    return [(Q * x + (1 << (bits - 1))) >> bits for x in polynomial]


def uniform(rho: bytes, column: int, row: int) -> Polynomial:
    """SampleNTT: three bytes of SHAKE128 give two candidates of 12 bits."""
    stream = hashlib.shake_128(rho + bytes([column, row])).digest(1344)
    f: Polynomial = []
    for i in range(0, len(stream), 3):
        a, b, c = stream[i : i + 3]
        f += [x for x in (a + 256 * (b % 16), b // 16 + 16 * c) if x < Q]
    return f[:256]


def small(seed: bytes, number: int) -> Polynomial:
    """SamplePolyCBD with eta = 2."""
    bits = decode(hashlib.shake_256(seed + bytes([number])).digest(128), 4)
    return [(x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3 & 1) for x in bits]


def matrix(rho: bytes) -> list[list[Polynomial]]:
    return [[uniform(rho, column, row) for column in range(K)] for row in range(K)]


def _pke_key(d: bytes) -> tuple[bytes, list[Polynomial]]:
    seeds = hashlib.sha3_512(d + bytes([K])).digest()
    rho, sigma = seeds[:32], seeds[32:]
    s = [ntt(small(sigma, i)) for i in range(K)]
    e = [ntt(small(sigma, K + i)) for i in range(K)]
    t = [total(dot(row, s), e[i]) for i, row in enumerate(matrix(rho))]
    return b"".join(encode(x, 12) for x in t) + rho, s


def _pke_encrypt(ek: bytes, m: bytes, r: bytes) -> bytes:
    t = [decode(ek[384 * i : 384 * (i + 1)], 12) for i in range(K)]
    a = matrix(ek[384 * K :])
    y = [ntt(small(r, i)) for i in range(K)]
    columns = [[a[row][column] for row in range(K)] for column in range(K)]
    u = [total(inverse_ntt(dot(columns[i], y)), small(r, K + i)) for i in range(K)]
    v = total(inverse_ntt(dot(t, y)), small(r, 2 * K), decompress(decode(m, 1), 1))
    return b"".join(encode(compress(x, DU), DU) for x in u) + encode(compress(v, DV), DV)


def _pke_decrypt(s: list[Polynomial], ct: bytes) -> bytes:
    u = [decompress(decode(ct[320 * i : 320 * (i + 1)], DU), DU) for i in range(K)]
    v = decompress(decode(ct[320 * K :], DV), DV)
    noise = inverse_ntt(dot(s, [ntt(x) for x in u]))
    return encode(compress([(a - b) % Q for a, b in zip(v, noise, strict=True)], 1), 1)


def check(ek: bytes) -> bytes:
    """FIPS 203, 7.2: the length, and every coefficient below q."""
    if len(ek) != EK_BYTES:
        raise Refused("encapsulation key: length")
    if any(x >= Q for i in range(K) for x in decode(ek[384 * i : 384 * (i + 1)], 12)):
        raise Refused("encapsulation key: a coefficient is not reduced")
    return ek


def encapsulation_key(seed: bytes) -> bytes:
    return _pke_key(seed[:32])[0]


def encapsulate(ek: bytes, m: bytes) -> tuple[bytes, bytes]:
    """The shared secret and the ciphertext."""
    both = hashlib.sha3_512(m + hashlib.sha3_256(check(ek)).digest()).digest()
    return both[:32], _pke_encrypt(ek, m, both[32:])


def decapsulate(seed: bytes, ct: bytes) -> bytes:
    ek, s = _pke_key(seed[:32])
    both = hashlib.sha3_512(_pke_decrypt(s, ct) + hashlib.sha3_256(ek).digest()).digest()
    if _pke_encrypt(ek, _pke_decrypt(s, ct), both[32:]) != ct:
        return hashlib.shake_256(seed[32:] + ct).digest(32)
    return both[:32]
