"""Builds tests/vectors/file.json: files of several sizes, what they become, and the bodies about them.

    python -m tests.vectors.rebuild_file

Whoever writes another client can check each step against it; a test fails when the code no longer gives the
same. Every value is hexadecimal unless it is a number or text. The byte j of a file is j modulo 251. `sealed`
has the hash of each sealed chunk, which is the list; `last_sealed` is the end of the last one, at most 32
bytes; `blob` is the hash of the whole blob.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from tuichat.crypto.file_chunks import SMALL_FILE, ChunkCipher, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.protocol.bodies import THE_TWO_OF_US, File, FileState, encode_body

PATH = Path(__file__).with_name("file.json")

SIZES = (0, 1, 65_537, SMALL_FILE + 1)
KEY, FILE, FETCHED = bytes(range(32)), bytes(range(100, 116)), bytes(range(200, 232))
GROUP, NOTE = bytes(range(40, 56)), bytes(range(60, 76))
SENT_AT = 1_795_269_600_000

OFFER = File(THE_TWO_OF_US, FILE, SENT_AT, "a", 1, "", "", KEY, blake2b_256(b"root"), FETCHED)
OFFER_WITH_ALL = msgspec.structs.replace(
    OFFER,
    name="été.png",
    size=2**40,
    media_type="image/png",
    caption="look 👀",
    group=GROUP,
    place="trip/day one",
    width=640,
    height=480,
    ttl=3600,
)

Json = dict[str, object]


def content(size: int) -> bytes:
    """The bytes of a file."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def build() -> Json:
    """The whole file as one object."""
    return {
        "source": "tests/vectors/rebuild_file.py; format in docs/protocol.md",
        "key": KEY.hex(),
        "id": FILE.hex(),
        "hash_of_key": blake2b_256(KEY).hex(),
        "files": [_file(size) for size in SIZES],
        "bodies": {
            "file": encode_body(OFFER).hex(),
            "file_with_all": encode_body(OFFER_WITH_ALL).hex(),
            "file_states": [
                encode_body(FileState(THE_TWO_OF_US, NOTE, FILE, state)).hex()
                for state in (1, 2, 3, 4, 5, 6, 7)
            ],
        },
    }


def _file(size: int) -> Json:
    layout = Layout(size)
    cipher = ChunkCipher(KEY, FILE, layout)
    data = content(size)
    sealed = [
        cipher.seal(index, data[index * layout.chunk :][: layout.plain_length(index)])
        for index in range(layout.chunks)
    ]
    hashes = [blake2b_256(chunk) for chunk in sealed]
    root = Root(KEY, size)
    root.update(b"".join(hashes))
    return {
        "size": size,
        "chunk": layout.chunk,
        "hash_of_file": blake2b_256(data).hex(),
        "sealed": [digest.hex() for digest in hashes],
        "last_sealed": sealed[-1][-32:].hex() if sealed else "",
        "root": root.digest().hex(),
        "blob_length": layout.blob_length,
        "blob": blake2b_256(b"".join([*hashes, *sealed])).hex(),
    }


def rendered() -> str:
    """The file's text."""
    return json.dumps(build(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(rendered(), encoding="utf-8")
