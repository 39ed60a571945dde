"""Invariants of files: what is taken, what is written, what leaves, and when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import nacl.bindings
import pytest

from tests.support.fetching import FILE, KEY, KIB, Fetched, accepted_row, fetched
from tests.support.handshakes import flip
from tests.support.invariants import holds, refused, scratch, taken
from tests.support.memory_circuit import MemoryCircuits, at_once, pull
from tests.support.offers import Offered, offered
from tests.support.seeded_rng import SeededRng
from tests.support.stores import SECOND, add_contact, open_store, wire_id
from tuichat.crypto.file_chunks import TAG_LENGTH, ChunkCipher, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.network.transport import ConnectionLostError
from tuichat.node import file_circuits
from tuichat.node.events import Changes
from tuichat.node.file_arrivals import FileArrivals
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_forgetting import forget
from tuichat.node.file_places import FileRules, choose, names_for
from tuichat.node.landing import Landing
from tuichat.protocol.bodies import THE_TWO_OF_US, File, FileState
from tuichat.store.backup_renewal import Restored, renew
from tuichat.store.part_file import PartFile
from tuichat.store.records import FileRow
from tuichat.store.transfers import Transfers

CHUNK: Final = 64 * KIB
SIZE: Final = 2 * CHUNK + 10
LIST: Final = 3 * 32


def a_chunk_has_one_place_in_one_file() -> None:
    """Altered, cut, moved, or of another file, size or key, it is refused, whatever hash is named for it."""
    layout = Layout(SIZE)
    cipher = ChunkCipher(KEY, FILE, layout)
    sealed = [cipher.seal(index, bytes(layout.plain_length(index))) for index in range(3)]
    for index, chunk in enumerate(sealed):
        digest = blake2b_256(chunk)
        taken("the true one", cipher.open, index, chunk, digest)
        for wrong in (flip(chunk, 0), flip(chunk, len(chunk) - 1), chunk[:-1], chunk + b"\0", b""):
            refused("another one", cipher.open, index, wrong, digest)
            refused("an altered one that is listed", cipher.open, index, wrong, blake2b_256(wrong))
        unlisted = cipher.seal(index, b"x" * layout.plain_length(index))
        refused("another one that opens", cipher.open, index, unlisted, digest)
    for index in (0, 1):
        other = sealed[1 - index]
        refused("one from elsewhere in the file", cipher.open, index, other, blake2b_256(other))
    for other_file in (
        ChunkCipher(KEY, bytes(16), layout),
        ChunkCipher(bytes(32), FILE, layout),
        ChunkCipher(KEY, FILE, Layout(SIZE + CHUNK)),
        ChunkCipher(KEY, FILE, Layout(2 * CHUNK)),
    ):
        other = other_file.seal(1, bytes(CHUNK))
        refused("another file's", cipher.open, 1, other, blake2b_256(other))


def a_root_names_key_size_and_list() -> None:
    """Another root comes of every other key, size and list."""

    def root_of(key: bytes, size: int, hashes: bytes) -> bytes:
        root = Root(key, size)
        for start in range(0, len(hashes), 50):
            root.update(hashes[start : start + 50])
        return root.digest()

    hashes = bytes(range(96))
    true = root_of(KEY, SIZE, hashes)
    holds("parts make no difference", true == root_of(KEY, SIZE, hashes))
    others = [(flip(KEY, 31), SIZE, hashes), (KEY, SIZE + 1, hashes), (KEY, SIZE, hashes[:-32])]
    others += [(KEY, SIZE, flip(hashes, position)) for position in range(96)]
    others += [(KEY, SIZE, hashes[32:64] + hashes[:32] + hashes[64:]), (KEY, SIZE, hashes + bytes(32))]
    holds("two files have one root", true not in {root_of(*other) for other in others})


def no_two_plaintexts_leave_under_one_nonce() -> None:
    """A file that was changed gives nothing more of a chunk that it gave before."""
    left: dict[int, set[bytes]] = {0: set(), 1: set(), 2: set()}

    async def story(offer: Offered) -> None:
        content = offer.source.read_bytes()
        for changed in (content, flip(content, 0), flip(content, SIZE - 1), content[:-1], content + b"x"):
            offer.source.write_bytes(changed)
            for index in range(3):
                begin, length = Layout(SIZE).place(index, 1)
                blob = offer.find()
                data = None if blob is None else await blob.read(begin, length)
                if data is not None:
                    left[index].add(data)
        holds("nothing left at all", all(left.values()))
        holds("the change was not told", bool(offer.changed))

    _with_offer(story)
    holds("a nonce served two plaintexts", all(len(sealed) == 1 for sealed in left.values()))


def every_chunk_has_a_nonce_of_its_own() -> None:
    """Under one key."""
    nonces: list[tuple[bytes, bytes]] = []
    real = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt

    def encrypt(message: bytes, aad: bytes, nonce: bytes, key: bytes) -> bytes:
        nonces.append((key, nonce))
        return bytes(real(message, aad, nonce, key))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nacl.bindings, "crypto_aead_xchacha20poly1305_ietf_encrypt", encrypt)
        cipher = ChunkCipher(KEY, FILE, Layout(300 * CHUNK))
        for index in (0, 1, 2, 255, 256, 65_536):
            with pytest.MonkeyPatch.context() as short:
                short.setattr(Layout, "plain_length", lambda _self, _index: 1)
                cipher.seal(index, b"a")
    holds("a key met a nonce twice", len(set(nonces)) == len(nonces) == 6)


def nothing_unchecked_is_written() -> None:
    """Not even what was sealed under the right key, by an author who offered something else."""
    with _wanted() as file:
        other = ChunkCipher(KEY, FILE, Layout(SIZE)).seal(1, b"x" * CHUNK)
        for wrong in (other, flip(file.sealed[1], 5), bytes(len(other))):
            blob = b"".join([*file.hashes, file.sealed[0], wrong, file.sealed[2]])
            holds("another file was taken", not pull(file, MemoryCircuits(blob)))
            holds("something else was written", file.on_disk(1) == bytes(CHUNK))
            holds("it is noted", 1 not in file.noted)
        holds("the true one was not taken", pull(file, MemoryCircuits(file.blob)))
        holds("it differs", [file.on_disk(index) for index in range(3)] == file.plain)


def a_list_is_taken_by_its_root() -> None:
    """Another one is dropped, though everything in it fits together."""
    with _wanted() as file:
        cipher = ChunkCipher(KEY, FILE, Layout(SIZE))
        sealed = [cipher.seal(index, b"x" * len(plain)) for index, plain in enumerate(file.plain)]
        blob = b"".join([*map(blake2b_256, sealed), *sealed])
        holds("another file was taken", not pull(file, MemoryCircuits(blob)))
        holds("something else was written", file.on_disk(0) == bytes(CHUNK))
        holds("another list is kept", file.store.transfers.hashes(file.row.id, 0) == b"")
        holds("the true one was not taken", pull(file, MemoryCircuits(file.blob)))


DEADLY: Final[dict[str, Callable[[Offered], object]]] = {
    "an end": lambda offer: offer.end("ended"),
    "completion": lambda offer: _ended(offer, "complete"),
    "a withdrawal": lambda offer: _ended(offer, "cancelled"),
    "a pause": lambda offer: offer.end("paused"),
    "a block": lambda offer: offer.end("blocked"),
    "a removal": lambda offer: offer.end("removed"),
    "the end of its message": lambda offer: forget(offer.store, offer.row, Changes()),
    "going on from a backup": lambda offer: renew(offer.store, Restored(1, 2)),
}


def a_path_is_dead_when_its_offer_is_over_or_rests() -> None:
    """Also for a request that was let in before and waits for its turn."""
    for what, happen in DEADLY.items():

        async def story(
            offer: Offered, what: str = what, happen: Callable[[Offered], object] = happen
        ) -> None:
            waiting = offer.find()
            assert waiting is not None
            happen(offer)
            holds(f"a path lives on after {what}", offer.find() is None)
            for where in ((0, LIST), (LIST, CHUNK + TAG_LENGTH)):
                holds(f"a request is answered after {what}", await waiting.read(*where) is None)

        _with_offer(story)


def the_map_says_what_is_safe_on_disk() -> None:
    """A chunk is noted after a sync that began when it was written, whatever is cut short."""
    for stop in range(12):
        with fetched_file() as file, pytest.MonkeyPatch.context() as patched:
            safe = _safe_chunks(patched)
            seen: list[bool] = []
            real = Transfers.set_done

            def noted(
                self: Transfers,
                row: int,
                part: int,
                bits: bytes,
                safe: set[int] = safe,
                seen: list[bool] = seen,
                real: Callable[..., None] = real,
            ) -> None:
                seen.append({index for index in range(3) if bits[0] >> index & 1} <= safe)
                real(self, row, part, bits)

            patched.setattr(Transfers, "set_done", noted)
            asyncio.run(_cut_short(file, stop))
            holds("a chunk is noted that is not safe", all(seen))
            holds("nothing is ever noted", bool(seen) or stop < 11)


async def _cut_short(file: Fetched, stop: int) -> None:
    """Keep three chunks and save after each, but for one step that is given up."""
    landing, step = file.landing(_in_a_moment), 0
    await landing.open()
    for index in range(3):
        for work in (lambda index=index: landing.keep(index, file.sealed[index]), landing.save):
            doing = asyncio.ensure_future(work())
            if step == stop % 6:
                for _round in range(stop // 6):
                    await asyncio.sleep(0)
                doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            step += 1
    await landing.save()
    await landing.close()


async def _in_a_moment(work: Callable[[], Any]) -> Any:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return work()


def _safe_chunks(patched: pytest.MonkeyPatch) -> set[int]:
    """The chunks that were written before the last sync; kept up to date."""
    written: set[int] = set()
    safe: set[int] = set()
    write, sync = PartFile.write, PartFile.sync

    def writes(self: PartFile, offset: int, data: bytes) -> None:
        write(self, offset, data)
        written.add(offset // CHUNK)

    def syncs(self: PartFile) -> None:
        sync(self)
        safe.update(written)

    patched.setattr(PartFile, "write", writes)
    patched.setattr(PartFile, "sync", syncs)
    return safe


def a_checked_chunk_is_not_fetched_again() -> None:
    """Though the store was not told of it before the node was killed."""
    with _wanted() as file, pytest.MonkeyPatch.context() as killed:
        killed.setattr(Landing, "save", _not_at_all)
        killed.setattr(Landing, "close", _killed)
        circuits = MemoryCircuits(file.blob, left=LIST + CHUNK + CHUNK // 2)
        holds("all came", not pull(file, circuits))
        came = [index for index in range(3) if file.on_disk(index) == file.plain[index]]
        holds("nothing came", bool(came))
        killed.undo()
        circuits.left, circuits.asked = None, []
        holds("the rest did not come", pull(file, circuits))
        layout = Layout(SIZE)
        for index, (offset, length) in product(came, circuits.asked):
            begin, _length = layout.place(index, 1)
            holds("a chunk was fetched again", not offset <= begin < offset + length)
        holds("it differs", [file.on_disk(index) for index in range(3)] == file.plain)


def a_whole_file_is_what_was_offered() -> None:
    """Also what an earlier run wrote, and another program or the disk changed since."""
    with _wanted() as file:
        circuits = MemoryCircuits(file.blob, left=LIST + CHUNK + CHUNK // 2)
        holds("all came", not pull(file, circuits))
        holds("nothing came", bool(file.noted))
        Path(file.row.stored_as).write_bytes(bytes(SIZE))
        circuits.left = None
        holds("the rest did not come", pull(file, circuits))
        holds("it differs", [file.on_disk(index) for index in range(3)] == file.plain)


async def _not_at_all(_landing: Landing) -> None:
    return


async def _killed(landing: Landing) -> None:
    Fetched.kill(landing)


def nothing_is_written_after_closing() -> None:
    """A descriptor that is closed under a writer is soon another file's."""
    with fetched_file() as file, pytest.MonkeyPatch.context() as patched:
        order: list[str] = []
        for name in ("write", "close"):
            _order(patched, name, order)
        asyncio.run(_closed_while_writing(file))
        holds("it was closed under the writer", order == ["write", "close"])


def _order(patched: pytest.MonkeyPatch, name: str, order: list[str]) -> None:
    real = getattr(PartFile, name)

    def call(self: PartFile, *arguments: Any) -> Any:
        order.append(name)
        return None if name == "write" else real(self, *arguments)

    patched.setattr(PartFile, name, call)


async def _closed_while_writing(file: Fetched) -> None:
    gate = asyncio.Event()

    async def off_loop(work: Callable[[], Any]) -> Any:
        if gates:
            await gates.pop().wait()
        return work()

    gates: list[asyncio.Event] = []
    landing = file.landing(off_loop)
    await landing.open()
    gates.append(gate)
    keeping = asyncio.ensure_future(landing.keep(0, file.sealed[0]))
    for _round in range(3):
        await asyncio.sleep(0)
    keeping.cancel()
    closing = asyncio.ensure_future(landing.close())
    for _round in range(5):
        await asyncio.sleep(0)
    gate.set()
    await closing
    for _round in range(5):
        await asyncio.sleep(0)


HOSTILE: Final = (
    *("../escape", "..", ".", "/etc/escape", "a/b", "a\\b", "\uff0e\uff0e\uff0fescape", ".hidden", "-rf"),
    *("\u202egnp.exe", "a\0b", "CON", "\u00e9" * 255, "plain.txt"),
)


def names_of_others_make_no_path() -> None:
    """In the inbox nothing of them is left; in a directory that was chosen they are names within it."""
    with scratch() as directory:
        rules = FileRules.inside(directory)
        chosen = directory / "chosen"
        chosen.mkdir()
        for name, place in product(HOSTILE, ("", "../..", "/etc", "a/../..", *HOSTILE)):
            row = replace(accepted_row(1, Path()), name=name, place=place)
            inbox = choose(rules, row, "", SeededRng(b"names"))
            holds("the inbox is left", inbox.final.parent == inbox.part.parent == rules.inbox)
            holds("a name is kept in the inbox", _says_nothing(inbox.final.name, inbox.part.name))
            there = choose(rules, row, str(chosen), SeededRng(b"names"))
            for path, _count in zip(names_for(there.final), range(3), strict=False):
                inside = path.relative_to(chosen).parts
                holds("a name is no name", not any(part in ("..", ".") or part[0] in ".-" for part in inside))
                holds("the directory is left", path.parent.resolve().is_relative_to(chosen.resolve()))
                holds("it is put together elsewhere", path.is_relative_to(there.part.parent))
                holds("nothing is made", there.part.parent.is_dir() and not list(chosen.iterdir()))


def _says_nothing(*names: str) -> bool:
    plain = names[0] == "".join(letter for letter in names[0] if letter in "0123456789abcdef")
    return plain and not any(name in each for each in names for name in ("escape", "plain", "gnp"))


def a_word_about_a_file_is_for_its_speaker_to_say() -> None:
    """About a file of somebody else, an unknown one, or in the other's role it changes nothing."""
    with scratch() as directory:
        store = open_store(directory)
        ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
        rows = [
            store.transfers.add(_mine(ada, 1, "in")),
            store.transfers.add(_mine(ada, 2, "out")),
        ]
        theirs = {"in": {3, 4, 5, 7}, "out": {1, 2, 3, 4, 5, 6}}
        for row, state in product(rows, range(1, 8)):
            _said(store, bob, row.wire_id, state)
            _said(store, ada, wire_id(9), state)
            if state not in theirs[row.direction]:
                _said(store, ada, row.wire_id, state)
            holds(f"state {state} was taken", store.transfers.get(row.id) == row)
        _said(store, ada, rows[0].wire_id, 3)
        holds("nothing is ever taken", store.transfers.get(rows[0].id) != rows[0])
        store.close()


def _mine(contact: int, number: int, direction: Any) -> FileRow:
    made = accepted_row(contact, Path(), direction=direction, accepted=False, state="offered", stored_as="")
    return replace(made, wire_id=wire_id(number))


def _said(store: Any, contact: int, file: bytes, state: Any) -> None:
    note = FileState(THE_TWO_OF_US, bytes(16), file, state)
    with store.transaction():
        FileArrivals(store, contact).note(note, SECOND, Changes())


def offers_are_bounded() -> None:
    """One more than may wait ends the oldest that nobody accepted, and no other."""
    with scratch() as directory, pytest.MonkeyPatch.context() as patched:
        patched.setattr("tuichat.node.file_arrivals.MAX_OFFERS", 3)
        store = open_store(directory)
        contact = add_contact(store).id
        arrivals = FileArrivals(store, contact)
        for number in range(1, 8):
            body = File(
                *(THE_TWO_OF_US, wire_id(number), 0, "a", 1, "", "", KEY, KEY, KEY),
            )
            with store.transaction():
                arrivals.offer(body, SECOND, Changes())
            if number == 1:
                store.transfers.update(1, accepted=True, state="waiting")
        states = [row.state for row in store.transfers.all()]
        holds(
            "too many wait, or the wrong one ended",
            states == ["waiting"] + ["cancelled"] * 3 + ["offered"] * 3,
        )
        store.close()


def nobody_has_circuits_built_at_will() -> None:
    """Though none of them ever brings anything."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(file_circuits, "MOST_AN_HOUR", 5)
        made: list[int] = []

        async def make() -> Any:
            made.append(1)
            raise ConnectionLostError

        async def ask() -> None:
            circuits = FileCircuits(make, lambda: 0.0)
            for _time in range(20):
                circuits.prepare(bytes(32), 1)
                with pytest.raises(ConnectionLostError):
                    await circuits.take(bytes(32))
            await circuits.close()

        asyncio.run(ask())
        holds("circuits are built at will", len(made) == 5)


# -- what they share --


@contextmanager
def fetched_file() -> Iterator[Fetched]:
    with scratch() as directory, fetched(directory, SIZE) as file:
        yield file


@contextmanager
def _wanted() -> Iterator[Fetched]:
    """One whose list is not known yet."""
    with scratch() as directory, fetched(directory, SIZE, listed=False) as file:
        yield file


def _with_offer(story: Callable[[Offered], Any]) -> None:
    async def whole() -> None:
        with scratch() as directory:
            async with offered(directory, SIZE) as offer:
                offer.off_loop = at_once
                await story(offer)

    asyncio.run(whole())


def _ended(offer: Offered, state: Any) -> None:
    offer.store.transfers.end(offer.row.id, state, "", SECOND)
