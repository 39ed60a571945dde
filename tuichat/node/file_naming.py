"""A whole file gets its name, with the folders that it was offered in.

Where there are hard links the partial name stays beside the final one until the store knows of that. On other
disks it goes with the same stroke. What a crash leaves there between the two, or a store that cannot be told,
is found again by its content (`found_named`). All of it blocks: off the event loop only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tuichat.crypto.file_chunks import HASH_LENGTH, ChunkCipher, Layout
from tuichat.crypto.kdf import blake2b_256
from tuichat.media.sniff import HEAD_BYTES
from tuichat.node.blobs import ChangedError, read_chunks
from tuichat.node.file_places import make_folders, names_for, remove_folders
from tuichat.store.part_file import is_part_file, put_in_place
from tuichat.store.records import FileRow


@dataclass(frozen=True, slots=True)
class Named:
    """A file that has its name.

    Attributes:
        made: the folders that were made for it.
        head: its first bytes.
    """

    final: Path
    made: list[Path]
    head: bytes


def name_it(row: FileRow) -> Named:
    """Give a whole file its name. Raises OSError; then nothing was made."""
    part, target = Path(row.stored_as), Path(row.target)
    made = make_folders(part.parent, target.parent)
    try:
        final = put_in_place(part, names_for(target))
    except BaseException:
        remove_folders(made)
        raise
    return Named(final, made, _head(final))


def found_named(row: FileRow, hashes: bytes) -> Named | None:
    """The file that has its name already, and its partial name no more; None if it has not.

    Args:
        hashes: of all its chunks.
    """
    if os.path.lexists(row.stored_as):
        return None
    taken = takewhile(os.path.lexists, names_for(Path(row.target)))
    final = next((name for name in taken if is_part_file(name, row.size) and _is_it(name, row, hashes)), None)
    return None if final is None else Named(final, [], _head(final))


def _is_it(path: Path, row: FileRow, hashes: bytes) -> bool:
    layout = Layout(row.size)
    cipher = ChunkCipher(row.key, row.wire_id, layout)
    try:
        for index in range(layout.chunks):
            (plaintext,) = read_chunks(str(path), layout, range(index, index + 1))
            expected = hashes[index * HASH_LENGTH : (index + 1) * HASH_LENGTH]
            if blake2b_256(cipher.seal(index, plaintext)) != expected:
                return False
    except (OSError, ChangedError):
        return False
    return True


def take_back(named: Named) -> None:
    """The name goes again, and the folders that were made for it."""
    named.final.unlink(missing_ok=True)
    remove_folders(named.made)


def keep_part(row: FileRow, named: Named) -> None:
    """The store could not be told of a name: it goes again, where it is a second one."""
    if Path(row.stored_as).exists():
        take_back(named)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
