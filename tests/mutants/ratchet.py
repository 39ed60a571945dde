"""Mutants of the ratchet, of what seals, and of delivery."""

from __future__ import annotations

from dataclasses import replace

import nacl.bindings
import pytest

from tests.mutants.planting import planted
from tests.support import invariants_contact as contact
from tests.support import invariants_delivery as delivery
from tests.support import invariants_ratchet as ratchet
from tuichat.clock import Rng
from tuichat.crypto import envelope, ratchet_chains, sealing
from tuichat.crypto import ratchet as ratchet_module
from tuichat.crypto.identity import Certificate
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.kem import Kem
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_header import Parties
from tuichat.crypto.ratchet_keys import Step
from tuichat.crypto.ratchet_state import RatchetState, Skipped
from tuichat.node import delivery as delivery_module
from tuichat.node.contact_link import ContactLink
from tuichat.node.delivery import Delivery
from tuichat.node.first_contact import FirstContact
from tuichat.node.inbox import Inbox
from tuichat.node.outbox import Outbox
from tuichat.protocol import session as session_module
from tuichat.protocol.frames import Request
from tuichat.store.records import ContactRow, SessionRow
from tuichat.store.sessions import Sessions


@planted(
    ratchet.every_bit_of_an_envelope_counts,
    ratchet.every_byte_of_a_step_counts,
    delivery.a_refused_envelope_changes_nothing_on_disk,
)
def envelope_tag_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    """Whatever arrives is decrypted, and believed; a header if its numbers look like some."""

    def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
        nonce, body = sealed[: sealing.NONCE_LENGTH], sealed[sealing.NONCE_LENGTH : -16]
        stream = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(body, bound, nonce, key)
        opened = bytes(stream[: len(body)])
        if bound.startswith(b"tuichat/1 header") and (opened[-8:-6] != b"\0\0" or opened[-4:-2] != b"\0\0"):
            raise sealing.UnopenableError
        return opened

    patch.setattr(sealing, "unseal", unseal)


@planted(ratchet.every_bit_of_an_envelope_counts, ratchet.every_byte_of_a_step_counts)
def ratchet_moves_before_the_body_is_opened(patch: pytest.MonkeyPatch) -> None:
    """An altered body costs the key of the true one."""
    real = ratchet_module._received
    opening: list[Ratchet] = []
    real_open = Ratchet.open

    def received(*arguments: object) -> tuple[RatchetState, bytes]:
        state, key = real(*arguments)  # type: ignore[arg-type]
        opening[-1]._state = state
        return state, key

    def open_(self: Ratchet, sealed: bytes, parties: Parties, now: float, kem: Kem) -> tuple[int, bytes]:
        opening.append(self)
        return real_open(self, sealed, parties, now, kem)

    patch.setattr(ratchet_module, "_received", received)
    patch.setattr(Ratchet, "open", open_)


@planted(ratchet.an_envelope_is_one_piece_for_one_reader)
def envelope_is_bound_to_nobody(patch: pytest.MonkeyPatch) -> None:
    """Who writes and who reads is left out."""
    patch.setattr(Parties, "bind", lambda _self, what, sid: what + sid)


@planted(ratchet.padding_says_nothing)
def envelope_is_as_long_as_its_body(patch: pytest.MonkeyPatch) -> None:
    """No padding."""
    numbers = envelope._NUMBERS
    patch.setattr(ratchet_module, "pad", lambda seq, body: numbers.pack(seq, len(body)) + body)


@planted(ratchet.padding_says_nothing)
def padding_may_speak(patch: pytest.MonkeyPatch) -> None:
    """What follows the body is not looked at."""

    def unpad(padded: bytes) -> tuple[int, bytes]:
        seq, length = envelope._NUMBERS.unpack_from(padded)
        return seq, padded[envelope._NUMBERS.size :][:length]

    patch.setattr(ratchet_module, "unpad", unpad)


@planted(
    ratchet.leaked_state_opens_nothing_earlier,
    ratchet.no_message_key_serves_twice,
    delivery.a_retry_is_the_same_bytes,
)
def chain_stands_still(patch: pytest.MonkeyPatch) -> None:
    """All messages of a chain have one key."""
    for module in (ratchet_module, ratchet_chains):
        patch.setattr(module, "next_chain", lambda chain: chain)


@planted(ratchet.leaked_state_opens_nothing_earlier)
def skipped_key_stays_after_its_use(patch: pytest.MonkeyPatch) -> None:
    """A thief opens what came late."""

    def take(skipped: Skipped, n: int) -> tuple[Skipped, bytes]:
        return skipped, skipped[n].message_key

    patch.setattr(ratchet_module, "take_skipped", take)


@planted(ratchet.leaked_state_heals)
def step_goes_without_the_kem(patch: pytest.MonkeyPatch) -> None:
    """For who breaks X25519 nothing heals."""
    real = Step.keys
    patch.setattr(Step, "keys", lambda self, root, agreed, _shared: real(self, root, agreed, b""))


@planted(ratchet.leaked_state_heals)
def step_goes_without_diffie_hellman(patch: pytest.MonkeyPatch) -> None:
    """For who breaks ML-KEM nothing heals."""
    real = Step.keys
    patch.setattr(Step, "keys", lambda self, root, _agreed, shared: real(self, root, b"", shared))


@planted(ratchet.leaked_state_heals)
def step_mixes_nothing_in(patch: pytest.MonkeyPatch) -> None:
    """What a thief has once, they have for good."""
    real = Step.keys
    patch.setattr(Step, "keys", lambda self, root, _agreed, _shared: real(self, root, b"", b""))


@planted(
    ratchet.old_copies_never_repeat_a_key_with_its_nonce,
    delivery.an_old_backup_never_seals_two_plaintexts_alike,
)
def nonce_follows_from_the_key(patch: pytest.MonkeyPatch) -> None:
    """A message key serves once, so its nonce could be anything: until a backup is restored."""

    def seal(key: bytes, plaintext: bytes, bound: bytes, _rng: Rng) -> bytes:
        nonce = blake2b_256(key)[: sealing.NONCE_LENGTH]
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, bound, nonce, key)
        return nonce + bytes(sealed)

    patch.setattr(sealing, "seal", seal)


@planted(delivery.a_retry_is_the_same_bytes)
def sealing_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The envelope is kept and what the ratchet has become is not."""
    real = Outbox._seal

    def seal(self: Outbox, session: SessionRow, body: bytes) -> tuple[int, bytes | None, bytes | None]:
        made = real(self, session, body)
        self._store.sessions.put(replace(session, sealed=made[0]))
        return made

    patch.setattr(Outbox, "_seal", seal)


@planted(delivery.a_retry_is_the_same_bytes)
def link_seals_anew(patch: pytest.MonkeyPatch) -> None:
    """Each link sends the same message in another envelope."""
    real = Delivery._restart

    def restart(self: Delivery) -> None:
        session = self._session()
        if session.ratchet:
            with self._on.hub.change():
                self._outbox.begin_session(session.gen, session.sid, Ratchet.decode(session.ratchet))
        real(self)

    patch.setattr(Delivery, "_restart", restart)


@planted(delivery.a_refused_envelope_changes_nothing_on_disk)
def ratchet_is_kept_before_the_number_is_checked(patch: pytest.MonkeyPatch) -> None:
    """An envelope that may not come moves the session on."""
    real = Ratchet.open

    def open_and_keep(
        self: Delivery, session: SessionRow, opening: Ratchet, sealed: bytes
    ) -> tuple[int, bytes]:
        twin = opening.copy()
        real(twin, sealed, self._on.sealing.arriving, 0, self._on.sealing.kem)
        self._store.sessions.put(replace(session, ratchet=twin.encode()))
        return real_open(self, session, opening, sealed)

    real_open = Delivery._open
    patch.setattr(Delivery, "_open", open_and_keep)


@planted(delivery.a_repeated_envelope_is_delivered_once)
def opened_envelopes_are_not_remembered(patch: pytest.MonkeyPatch) -> None:
    """One that comes again is unopenable, and no acknowledgement repeats."""
    patch.setattr(Sessions, "opened_seq", lambda *_: None)


@planted(delivery.a_repeated_envelope_is_delivered_once)
def early_envelope_is_acknowledged_at_once(patch: pytest.MonkeyPatch) -> None:
    """Before it is in the history."""
    real = Inbox.take

    def take(
        self: Inbox, session: SessionRow, opened: tuple[bytes, int, bytes], *rest: object
    ) -> list[bytes]:
        return real(self, session, opened, *rest) or [opened[0]]  # type: ignore[arg-type]

    patch.setattr(Inbox, "take", take)


@planted(delivery.what_cannot_be_opened_begins_a_session_and_loses_nothing)
def what_cannot_be_opened_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    """Nobody is told, and the session goes on."""
    patch.setattr(Delivery, "_unopenable", lambda _self, _session: None)


@planted(delivery.a_side_that_forgot_is_noticed)
def session_goes_on_whatever_the_counts_say(patch: pytest.MonkeyPatch) -> None:
    """Both name the same session, and that is enough."""
    patch.setattr(delivery_module, "is_consistent", lambda mine, theirs: mine.sid == theirs.sid)


@planted(delivery.a_session_is_named_by_its_link)
def session_is_named_by_its_number_alone(patch: pytest.MonkeyPatch) -> None:
    """Every link gives it the same name."""
    for module in (session_module, delivery_module):
        patch.setattr(module, "session_id", lambda _exporter, gen: gen.to_bytes(16, "big"))


@planted(contact.a_request_survives_a_cut_at_any_message)
def who_asks_is_a_contact(patch: pytest.MonkeyPatch) -> None:
    """Nobody is asked before a stranger becomes one."""
    real = FirstContact._set_aside

    def set_aside(
        self: FirstContact, row: ContactRow | None, request: Request, certificate: Certificate
    ) -> None:
        real(self, row, request, certificate)
        kept = self._store.contacts.by_onion(certificate.onion)
        assert kept is not None
        self._store.contacts.update(kept.id, state="accepted")

    patch.setattr(FirstContact, "_set_aside", set_aside)


@planted(contact.crossing_requests_survive_a_cut_at_any_message)
def dial_that_fails_is_not_repeated(patch: pytest.MonkeyPatch) -> None:
    """One cut at the wrong moment, and both wait for each other."""
    patch.setattr(ContactLink, "_next_pause", lambda _self: 10.0**9)


@planted(contact.crossing_requests_survive_a_cut_at_any_message)
def acceptance_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    """Who accepted is a contact, who asked is not."""
    patch.setattr(FirstContact, "on_accepted", lambda _self, _contact, _reach: None)
