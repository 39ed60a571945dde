"""Mutants of files: of sealing, giving, fetching, and of what becomes of an offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nacl.bindings
import pytest

from tests.mutants.planting import planted
from tests.support import invariants_files as files
from tuichat.crypto import file_chunks
from tuichat.crypto.file_chunks import TAG_LENGTH, ChunkCipher, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.node import file_arrivals, file_places, file_steps
from tuichat.node.blobs import Blobs, OfferedBlob
from tuichat.node.file_list import FileList
from tuichat.node.file_places import Place
from tuichat.node.hourly import Hourly
from tuichat.node.jobs import Jobs
from tuichat.node.landing import Landing
from tuichat.protocol.labels import disk_name
from tuichat.store import backup_renewal
from tuichat.store.records import FileRow
from tuichat.store.transfers import Transfers


@planted(files.a_chunk_has_one_place_in_one_file, files.nothing_unchecked_is_written)
def hash_of_a_chunk_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    """What opens is taken, though the author offered something else."""
    real = ChunkCipher.open

    def open_(self: ChunkCipher, index: int, sealed: bytes, _expected: bytes) -> bytes:
        return real(self, index, sealed, blake2b_256(sealed))

    patch.setattr(ChunkCipher, "open", open_)


@planted(files.a_chunk_has_one_place_in_one_file)
def chunk_is_not_bound_to_its_file(patch: pytest.MonkeyPatch) -> None:
    """Nor to how many there are."""
    patch.setattr(ChunkCipher, "_bound", lambda _self, _index: b"")


@planted(files.a_chunk_has_one_place_in_one_file)
def tag_of_a_chunk_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    """Whatever is listed is decrypted, and believed."""

    def decrypt(sealed: bytes, aad: bytes, nonce: bytes, key: bytes) -> bytes:
        body = sealed[:-TAG_LENGTH]
        encrypt = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt
        return bytes(encrypt(body, aad, nonce, key)[: len(body)])

    patch.setattr(nacl.bindings, "crypto_aead_xchacha20poly1305_ietf_decrypt", decrypt)


@planted(files.every_chunk_has_a_nonce_of_its_own)
def nonce_of_chunks_stands_still(patch: pytest.MonkeyPatch) -> None:
    """All chunks of a file have one."""

    class Still:
        def pack(self, _index: int) -> bytes:
            return bytes(24)

    patch.setattr(file_chunks, "_INDEX", Still())


@planted(files.a_root_names_key_size_and_list)
def root_leaves_out_the_key(patch: pytest.MonkeyPatch) -> None:
    """One list serves two files."""
    real = Root.__init__
    patch.setattr(Root, "__init__", lambda self, _key, size: real(self, bytes(32), size))


@planted(files.a_root_names_key_size_and_list)
def root_leaves_out_the_size(patch: pytest.MonkeyPatch) -> None:
    """A file of one length is taken for one of another."""
    real = Root.__init__
    patch.setattr(Root, "__init__", lambda self, key, _size: real(self, key, 0))


@planted(files.no_two_plaintexts_leave_under_one_nonce)
def chunk_leaves_without_being_compared(patch: pytest.MonkeyPatch) -> None:
    """A changed file is sealed under the nonces of what it was."""

    def seal(self: OfferedBlob, chunks: range, _expected: list[bytes]) -> bytes:
        cipher = ChunkCipher(self._row.key, self._row.wire_id, self._layout)
        plaintexts = self._plaintexts(chunks)
        return b"".join(cipher.seal(index, data) for index, data in zip(chunks, plaintexts, strict=True))

    patch.setattr(OfferedBlob, "_seal", seal)


@planted(files.a_list_is_taken_by_its_root)
def list_is_taken_without_its_root(patch: pytest.MonkeyPatch) -> None:
    """Any list of the right length."""

    async def is_whole(self: FileList) -> bool:
        lengths = [len(self._store.transfers.hashes(self._row.id, part)) for part in range(self.parts)]
        return sum(lengths) == Layout(self._row.size).list_length

    patch.setattr(FileList, "is_whole", is_whole)


@planted(files.a_path_is_dead_when_its_offer_is_over_or_rests)
def path_lives_on_while_its_offer_rests(patch: pytest.MonkeyPatch) -> None:
    """A pause stops who fetches only if they want to."""
    _find_with(patch, lambda row: replace(row, paused_by=""))


@planted(files.a_path_is_dead_when_its_offer_is_over_or_rests)
def path_outlives_its_offer(patch: pytest.MonkeyPatch) -> None:
    """What was withdrawn is given to whoever knew where it lay."""
    real = Transfers.end

    def end(self: Transfers, file: int, *rest: Any) -> FileRow:
        before = self.get(file)
        ended = real(self, file, *rest)
        assert before is not None
        self._database.run(
            'UPDATE files SET "key" = ?, root = ?, path = ? WHERE id = ?',
            (before.key, before.root, before.path, file),
        )
        return ended

    patch.setattr(Transfers, "end", end)
    _find_with(patch, lambda row: replace(row, ended_at=None))


@planted(files.a_path_is_dead_when_its_offer_is_over_or_rests)
def path_lives_on_after_a_block(patch: pytest.MonkeyPatch) -> None:
    """Who offered is looked at, who it was offered to is not."""

    def find(self: Blobs, path: bytes) -> OfferedBlob | None:
        row = self.store.transfers.by_path(path)
        return None if row is None or row.paused_by else OfferedBlob(self, row)

    patch.setattr(Blobs, "find", find)


@planted(files.a_path_is_dead_when_its_offer_is_over_or_rests)
def path_lives_on_in_a_restored_profile(patch: pytest.MonkeyPatch) -> None:
    """What was withdrawn after the backup is offered again."""
    patch.setattr(backup_renewal, "_end_files", lambda _store, _now: None)


@planted(files.a_path_is_dead_when_its_offer_is_over_or_rests)
def request_that_waited_is_not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    """It was let in, and is given what ended meanwhile."""

    async def read(self: OfferedBlob, offset: int, length: int) -> bytes | None:
        if offset + length <= self._layout.list_length:
            return self._read_list(offset, length)
        return None

    patch.setattr(OfferedBlob, "read", read)


@planted(files.the_map_says_what_is_safe_on_disk)
def map_is_noted_before_the_disk_was_asked(patch: pytest.MonkeyPatch) -> None:
    """A power cut leaves chunks that are on no disk and are never fetched again."""

    async def save(self: Landing) -> None:
        self._unsaved.clear()
        with self._store.transaction():
            self._store.transfers.set_done(self._row.id, 0, self._done.part(0, 4096))

    patch.setattr(Landing, "save", save)


@planted(files.the_map_says_what_is_safe_on_disk)
def map_holds_what_was_written_during_the_sync(patch: pytest.MonkeyPatch) -> None:
    """And what a sync that failed was about."""

    async def save(self: Landing) -> None:
        self._unsaved.clear()
        assert self._part is not None
        try:
            await self._jobs.run(self._part.sync)
        finally:
            with self._store.transaction():
                self._store.transfers.set_done(self._row.id, 0, self._done.part(0, 4096))

    patch.setattr(Landing, "save", save)


@planted(files.a_checked_chunk_is_not_fetched_again)
def disk_is_not_looked_at_after_a_kill(patch: pytest.MonkeyPatch) -> None:
    """What the store was not told of is fetched again."""

    async def look(_self: Landing) -> None:
        return

    patch.setattr(Landing, "look", look)


@planted(files.a_checked_chunk_is_not_fetched_again)
def horizon_stands_still(patch: pytest.MonkeyPatch) -> None:
    """Nobody remembers how far chunks were asked for."""
    patch.setattr(Landing, "ahead", lambda _self, _index: None)


@planted(files.a_whole_file_is_what_was_offered)
def whole_file_is_not_read_back(patch: pytest.MonkeyPatch) -> None:
    """The map is believed for as long as a file is on its way."""

    async def is_whole(_self: Landing) -> bool:
        return True

    patch.setattr(Landing, "is_whole", is_whole)


@planted(files.nothing_is_written_after_closing)
def file_is_closed_under_its_writer(patch: pytest.MonkeyPatch) -> None:
    """Jobs that nobody waits for any more are forgotten."""

    async def ended(_self: Jobs) -> None:
        return

    patch.setattr(Jobs, "ended", ended)


@planted(files.names_of_others_make_no_path)
def label_becomes_a_path(patch: pytest.MonkeyPatch) -> None:
    """As the sender wrote it."""
    patch.setattr(file_places, "disk_name", lambda label: label.replace("\0", ""))


@planted(files.names_of_others_make_no_path)
def inbox_keeps_the_senders_name(patch: pytest.MonkeyPatch) -> None:
    """Cleaned, but theirs."""
    real = file_places.choose

    def choose(rules: Any, row: FileRow, to: str, rng: Any) -> Place:
        place = real(rules, row, to, rng)
        return place if to else replace(place, final=place.final.with_name(disk_name(row.name)))

    patch.setattr(files, "choose", choose)


@planted(files.a_word_about_a_file_is_for_its_speaker_to_say)
def word_is_taken_about_anybodys_file(patch: pytest.MonkeyPatch) -> None:
    """Ids are looked up without asking whose they are."""

    def by_wire_id(self: Transfers, _contact: int, direction: str, wire_id: bytes) -> FileRow | None:
        return self._first("WHERE direction = ? AND wire_id = ?", direction, wire_id)

    patch.setattr(Transfers, "by_wire_id", by_wire_id)


@planted(files.a_word_about_a_file_is_for_its_speaker_to_say)
def anybody_may_say_anything(patch: pytest.MonkeyPatch) -> None:
    """A sender accepts for the receiver, who says that the file changed."""
    for name in ("_OF_RECEIVER", "_OF_SENDER"):
        patch.setattr(file_steps, name, frozenset(file_steps.Step))


@planted(files.offers_are_bounded)
def offers_pile_up(patch: pytest.MonkeyPatch) -> None:
    """For as long as somebody sends them."""
    patch.setattr(file_arrivals.FileArrivals, "_make_room", lambda _self, _now, _changes: None)


@planted(files.nobody_has_circuits_built_at_will)
def circuits_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    """Whoever cuts them has them built anew."""
    patch.setattr(Hourly, "allows", lambda _self: True)


def _find_with(patch: pytest.MonkeyPatch, changed: Callable[[FileRow], FileRow]) -> None:
    """Find a path as if its file were another."""
    real = Transfers.by_path

    def by_path(self: Transfers, path: bytes) -> FileRow | None:
        row = real(self, path)
        return None if row is None else changed(row)

    patch.setattr(Transfers, "by_path", by_path)
