"""Chunks of files: only what was offered opens, only where it belongs."""

from __future__ import annotations

import hashlib
import struct

import nacl.bindings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuichat.crypto.file_chunks import (
    LARGE_CHUNK,
    MAX_SIZE,
    SMALL_CHUNK,
    SMALL_FILE,
    TAG_LENGTH,
    ChunkCipher,
    ChunkError,
    Layout,
    Root,
)
from tuichat.crypto.kdf import blake2b_256

KEY = bytes(range(32))
FILE = bytes(range(100, 116))
SIZE = 2 * SMALL_CHUNK + 1000
LAYOUT = Layout(SIZE)
CIPHER = ChunkCipher(KEY, FILE, LAYOUT)
PLAIN = [bytes([index]) * LAYOUT.plain_length(index) for index in range(3)]
SEALED = [CIPHER.seal(index, plain) for index, plain in enumerate(PLAIN)]


@pytest.mark.parametrize(
    ("size", "chunk", "chunks"),
    [
        (0, SMALL_CHUNK, 0),
        (1, SMALL_CHUNK, 1),
        (SMALL_CHUNK, SMALL_CHUNK, 1),
        (SMALL_CHUNK + 1, SMALL_CHUNK, 2),
        (SMALL_FILE, SMALL_CHUNK, 64),
        (SMALL_FILE + 1, LARGE_CHUNK, 17),
        (MAX_SIZE, LARGE_CHUNK, MAX_SIZE // LARGE_CHUNK),
    ],
)
def test_layout_follows_from_the_size_alone(size: int, chunk: int, chunks: int) -> None:
    layout = Layout(size)
    assert (layout.chunk, layout.chunks, layout.list_length) == (chunk, chunks, 32 * chunks)
    assert layout.blob_length == 32 * chunks + size + 16 * chunks


@pytest.mark.parametrize("size", [-1, MAX_SIZE + 1])
def test_sizes_beyond_reason_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Layout(size)


@given(st.integers(1, 3 * SMALL_FILE), st.data())
def test_places_of_whole_chunks_and_no_others_lead_back_to_them(size: int, data: st.DataObject) -> None:
    layout = Layout(size)
    first = data.draw(st.integers(0, layout.chunks - 1))
    count = data.draw(st.integers(1, min(8, layout.chunks - first)))
    offset, length = layout.place(first, count)
    assert layout.chunks_at(offset, length) == range(first, first + count)
    for wrong in [(offset + 1, length), (offset, length - 1), (offset - 1, length + 1), (offset, length + 1)]:
        assert layout.chunks_at(*wrong) is None
    assert layout.chunks_at(0, layout.list_length) is None


def test_chunk_is_sealed_as_the_page_says() -> None:
    nonce = bytes(16) + struct.pack(">Q", 2)
    bound = FILE + struct.pack(">QQB", 2, 3, 1)
    expected = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(PLAIN[2], bound, nonce, KEY)
    assert SEALED[2] == expected
    assert len(expected) == 1000 + TAG_LENGTH


def test_root_commits_to_key_size_and_list() -> None:
    hashes = b"".join(blake2b_256(sealed) for sealed in SEALED)
    root = Root(KEY, SIZE)
    root.update(hashes[:40])
    root.update(hashes[40:])
    expected = hashlib.blake2b(
        b"tuichat/1 file" + blake2b_256(KEY) + struct.pack(">Q", SIZE) + hashes, digest_size=32
    )
    assert root.digest() == expected.digest()
    for other in (Root(bytes(32), SIZE), Root(KEY, SIZE + 1)):
        other.update(hashes)
        assert other.digest() != root.digest()


@pytest.mark.parametrize("index", range(3))
def test_chunk_opens_in_its_place(index: int) -> None:
    assert CIPHER.open(index, SEALED[index], blake2b_256(SEALED[index])) == PLAIN[index]


def test_chunk_with_another_hash_is_refused_before_it_is_opened() -> None:
    with pytest.raises(ChunkError):
        CIPHER.open(0, SEALED[0], blake2b_256(SEALED[1]))


@pytest.mark.parametrize(
    ("cipher", "index", "sealed"),
    [
        (CIPHER, 1, SEALED[0]),
        (CIPHER, 0, SEALED[1]),
        (CIPHER, 0, SEALED[0][:-1]),
        (CIPHER, 0, SEALED[0] + b"\0"),
        (CIPHER, 0, b""),
        (CIPHER, 2, SEALED[0]),
        (ChunkCipher(bytes(32), FILE, LAYOUT), 0, SEALED[0]),
        (ChunkCipher(KEY, bytes(16), LAYOUT), 0, SEALED[0]),
        (ChunkCipher(KEY, FILE, Layout(3 * SMALL_CHUNK + 1)), 0, SEALED[0]),
    ],
    ids=[
        "moved up",
        "moved down",
        "cut",
        "longer",
        "empty",
        "last",
        "other key",
        "other file",
        "other total",
    ],
)
def test_chunk_does_not_open_elsewhere_though_its_hash_is_listed(
    cipher: ChunkCipher, index: int, sealed: bytes
) -> None:
    with pytest.raises(ChunkError):
        cipher.open(index, sealed, blake2b_256(sealed))


def test_every_flipped_bit_of_a_chunk_is_noticed() -> None:
    cipher = ChunkCipher(KEY, FILE, Layout(20))
    sealed = cipher.seal(0, bytes(20))
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ChunkError):
            cipher.open(0, bytes(changed), blake2b_256(sealed))
        with pytest.raises(ChunkError):
            cipher.open(0, bytes(changed), blake2b_256(bytes(changed)))


def test_no_two_chunks_of_a_file_share_a_nonce_and_the_last_is_marked() -> None:
    same = Layout(2 * SMALL_CHUNK)
    cipher = ChunkCipher(KEY, FILE, same)
    assert cipher.seal(0, bytes(SMALL_CHUNK)) != cipher.seal(1, bytes(SMALL_CHUNK))
    alone = ChunkCipher(KEY, FILE, Layout(SMALL_CHUNK)).seal(0, bytes(SMALL_CHUNK))
    with pytest.raises(ChunkError):
        cipher.open(0, alone, blake2b_256(alone))


@pytest.mark.parametrize("length", [0, 999, 1001])
def test_chunk_of_another_length_cannot_be_sealed(length: int) -> None:
    with pytest.raises(ValueError, match="length"):
        CIPHER.seal(2, bytes(length))


def test_key_is_not_shown() -> None:
    assert repr(CIPHER) == "<ChunkCipher>"
