"""The frozen files and the bodies about them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.handshakes import flip
from tests.vectors.rebuild_file import (
    FILE,
    KEY,
    NOTE,
    OFFER,
    OFFER_WITH_ALL,
    PATH,
    SIZES,
    content,
    rendered,
)
from tuichat.crypto.file_chunks import ChunkCipher, ChunkError, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.protocol.bodies import FileState, Opaque, decode_body

Json = dict[str, Any]


@pytest.fixture(scope="module")
def frozen() -> Json:
    vectors: Json = json.loads(PATH.read_text(encoding="utf-8"))
    return vectors


def test_code_still_gives_the_frozen_files() -> None:
    """If the wire changed on purpose, run the script and say so in docs/protocol.md."""
    assert rendered() == PATH.read_text(encoding="utf-8")


def test_files_are_empty_short_and_cut_into_chunks_of_both_sizes(frozen: Json) -> None:
    assert tuple(file["size"] for file in frozen["files"]) == SIZES
    assert [len(file["sealed"]) for file in frozen["files"]] == [0, 1, 2, 17]
    assert {file["chunk"] for file in frozen["files"]} == {65_536, 262_144}


def test_frozen_hashes_open_the_chunks_and_no_altered_cut_or_moved_one(frozen: Json) -> None:
    for file in frozen["files"]:
        layout, data = Layout(file["size"]), content(file["size"])
        cipher = ChunkCipher(KEY, FILE, layout)
        for index, digest in enumerate(map(bytes.fromhex, file["sealed"])):
            plain = data[index * layout.chunk :][: layout.chunk]
            sealed = cipher.seal(index, plain)
            assert cipher.open(index, sealed, digest) == plain
            for wrong in (flip(sealed, 0), flip(sealed, len(sealed) - 1), sealed[:-1], sealed[:16], b""):
                with pytest.raises(ChunkError):
                    cipher.open(index, wrong, digest)
            with pytest.raises(ChunkError):
                cipher.open(index + 1, sealed, digest)


def test_frozen_roots_name_key_size_and_every_hash(frozen: Json) -> None:
    def root_of(hashes: bytes, key: bytes, size: int) -> str:
        root = Root(key, size)
        root.update(hashes)
        return root.digest().hex()

    for file in frozen["files"]:
        listed = b"".join(map(bytes.fromhex, file["sealed"]))
        assert root_of(listed, KEY, file["size"]) == file["root"]
        others = [(listed, bytes(32), file["size"]), (listed, KEY, file["size"] + 1)]
        others += [(flip(listed, position), KEY, file["size"]) for position in range(0, len(listed), 31)]
        assert file["root"] not in {root_of(*other) for other in others}


def test_frozen_bodies_are_what_they_are_called(frozen: Json) -> None:
    bodies = frozen["bodies"]
    assert decode_body(bytes.fromhex(bodies["file"])) == OFFER
    assert decode_body(bytes.fromhex(bodies["file_with_all"])) == OFFER_WITH_ALL
    states = [decode_body(bytes.fromhex(raw)) for raw in bodies["file_states"]]
    assert [(each.id, each.file, each.state) for each in states if isinstance(each, FileState)] == [
        (NOTE, FILE, state) for state in range(1, 8)
    ]


def test_frozen_bodies_that_are_cut_cannot_be_read(frozen: Json) -> None:
    for raw in (frozen["bodies"]["file"], *frozen["bodies"]["file_states"]):
        whole = bytes.fromhex(raw)
        for length in range(len(whole)):
            body = decode_body(whole[:length])
            assert body == Opaque(whole[:length], blake2b_256(whole[:length])[:16])
