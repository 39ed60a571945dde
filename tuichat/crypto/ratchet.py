"""The Double Ratchet with encrypted headers, with ML-KEM-768 beside X25519 in every step (R1-R6).

Each message has a key of its own, which is gone once it was used. A side steps when it answers: it makes
fresh key pairs, agrees on a secret with the keys that the other's last chain carried, and mixes it into the
root.

    sending        event                           sending afterwards
    StepDue        I seal                          SendingChain (a step), its message
    StepDue        a header under the next key     StepDue: rejected, there is nothing to step towards
    SendingChain   I seal                          SendingChain, its next message
    SendingChain   a header under the next key     StepDue (the peer's step)
    either         a header under another key      the same

The answerer begins with a SendingChain whose keys are in NEW, the dialler with a StepDue towards them: so
either can seal first, or both at once, and steps strictly alternate.
"""

from __future__ import annotations

from msgspec.structs import replace

from tuichat.clock import Rng
from tuichat.crypto import sealing
from tuichat.crypto.curve25519 import check_x25519_public, x25519, x25519_public
from tuichat.crypto.envelope import UnopenableError, pad, parts, unpad
from tuichat.crypto.kem import Kem
from tuichat.crypto.ratchet_chains import (
    MAX_SKIP,
    skip,
    take_next,
    take_skipped,
    with_past_chain,
    within_limits,
    without_expired,
)
from tuichat.crypto.ratchet_header import NO_CIPHERTEXT, Header, Parties, open_header, seal_header
from tuichat.crypto.ratchet_keys import KEY_LENGTH, Step, message_key, next_chain, session_keys
from tuichat.crypto.ratchet_state import (
    PastChain,
    RatchetKeys,
    RatchetState,
    ReceivingChain,
    SendingChain,
    StepDue,
    decode_state,
    encode_state,
)
from tuichat.errors import PeerError


def fresh_keys(rng: Rng, kem: Kem) -> RatchetKeys:
    """New key pairs, for a NEW or for a step."""
    dh_secret = rng.bytes(KEY_LENGTH)
    ek_public, ek_secret = kem.generate(rng)
    return RatchetKeys(dh_secret, x25519_public(dh_secret), ek_secret, ek_public)


class Ratchet:
    """One side of a session. `seal` and `open` change it, or raise and leave it as it was."""

    __slots__ = ("_state",)

    def __init__(self, state: RatchetState) -> None:
        self._state = state

    @classmethod
    def as_dialler(cls, exporter: bytes, gen: int, sid: bytes, dh: bytes, ek: bytes, kem: Kem) -> Ratchet:
        """The side that received NEW{gen, sid, dh, ek}. `exporter` is the link's, as it was before NEW.

        Raises:
            PeerError: dh or ek is degenerate, so that nothing could ever be sealed.
        """
        check_x25519_public(dh)
        kem.check_public(ek)
        keys = session_keys(exporter, gen, sid, dh, ek)
        chain = Header(dh, ek, NO_CIPHERTEXT, 0, 0).chain
        return cls(
            RatchetState(
                sid,
                keys.root,
                next_sending=keys.dialler_header,
                next_receiving=keys.answerer_next_header,
                sending=StepDue(dh, ek, 0),
                receiving=ReceivingChain(keys.answerer_header, chain, {}, keys.answerer_chain, 0),
            )
        )

    @classmethod
    def as_answerer(cls, exporter: bytes, gen: int, sid: bytes, mine: RatchetKeys) -> Ratchet:
        """The side that makes NEW with the publics of `mine`. `exporter` is the link's, as it was before."""
        keys = session_keys(exporter, gen, sid, mine.dh_public, mine.ek_public)
        return cls(
            RatchetState(
                sid,
                keys.root,
                next_sending=keys.answerer_next_header,
                next_receiving=keys.dialler_header,
                sending=SendingChain(mine, NO_CIPHERTEXT, 0, keys.answerer_header, keys.answerer_chain, 0),
                receiving=None,
            )
        )

    def copy(self) -> Ratchet:
        """An independent twin in the same state."""
        return Ratchet(self._state)

    def encode(self) -> bytes:
        """All of it, for the encrypted database."""
        return encode_state(self._state)

    @classmethod
    def decode(cls, data: bytes) -> Ratchet:
        """The ratchet that `encode` wrote. Raises DamagedError."""
        return cls(decode_state(data))

    def forget_expired(self, now: float) -> bool:
        """Drop skipped keys that were kept too long by Unix time `now`; whether there were any."""
        before, self._state = self._state, without_expired(self._state, int(now))
        return self._state is not before

    def seal(self, seq: int, body: bytes, parties: Parties, rng: Rng, kem: Kem) -> bytes:
        """The smallest envelope that holds the body.

        Args:
            seq: the message's number in the session.
            parties: I am the sender.

        Raises:
            ValueError: the body is longer than `MAX_BODY`, or seq is out of range.
        """
        padded = pad(seq, body)
        state, chain = _with_chain(self._state, rng, kem)
        header = Header(chain.keys.dh_public, chain.keys.ek_public, chain.ct, chain.pn, chain.n)
        sealed_header = seal_header(chain.header_key, header, state.sid, parties, rng)
        bound = _body_bound(state.sid, parties, sealed_header)
        sealed_body = sealing.seal(message_key(chain.chain_key), padded, bound, rng)
        chain = replace(chain, chain_key=next_chain(chain.chain_key), n=chain.n + 1)
        self._state = replace(state, sending=chain)
        return sealed_header + sealed_body

    def open(self, envelope: bytes, parties: Parties, now: float, kem: Kem) -> tuple[int, bytes]:
        """(seq, body) of an envelope.

        Args:
            parties: I am the receiver.
            now: Unix time in seconds, for the age of skipped keys.

        Raises:
            UnopenableError: it was altered, opened before, sealed for others, or breaks a rule.
        """
        sealed_header, sealed_body = parts(envelope)
        bound = _body_bound(self._state.sid, parties, sealed_header)
        try:
            state, key = _received(self._state, sealed_header, parties, int(now), kem)
            padded = sealing.unseal(key, sealed_body, bound)
        except (PeerError, sealing.UnopenableError):
            raise UnopenableError("an envelope cannot be opened") from None
        seq, body = unpad(padded)
        self._state = within_limits(state)
        return seq, body


def _body_bound(sid: bytes, parties: Parties, sealed_header: bytes) -> bytes:
    return parties.bind(b"tuichat/1 body", sid) + sealed_header


def _with_chain(state: RatchetState, rng: Rng, kem: Kem) -> tuple[RatchetState, SendingChain]:
    """A state with a chain to seal on, after a step if one is due."""
    if isinstance(state.sending, StepDue):
        return _step(state, state.sending, rng, kem)
    return state, state.sending


def _step(state: RatchetState, due: StepDue, rng: Rng, kem: Kem) -> tuple[RatchetState, SendingChain]:
    mine = fresh_keys(rng, kem)
    ct, shared = kem.encapsulate(due.ek, rng)
    step = Step(state.sid, mine.dh_public, due.dh, due.ek, ct)
    root, chain_key, next_header = step.keys(state.root_key, x25519(mine.dh_secret, due.dh), shared)
    chain = SendingChain(mine, ct, due.pn, state.next_sending, chain_key, 0)
    return replace(state, root_key=root, next_sending=next_header, sending=chain), chain


def _received(
    state: RatchetState, sealed_header: bytes, parties: Parties, now: int, kem: Kem
) -> tuple[RatchetState, bytes]:
    """The state after the envelope with this header, and the key of its body.

    At most ten header keys are tried, and at most `MAX_SKIP` message keys derived.

    Raises:
        PeerError: no key opens the header, or what it says breaks a rule.
    """
    state = without_expired(state, now)
    current = state.receiving
    if current is not None:
        header = open_header(current.header_key, sealed_header, state.sid, parties)
        if header is not None:
            return _within_chain(state, current, header, now)
    header = open_header(state.next_receiving, sealed_header, state.sid, parties)
    if header is not None:
        return _after_step(state, header, now, kem)
    for past in state.past:
        header = open_header(past.header_key, sealed_header, state.sid, parties)
        if header is not None:
            return _from_past(state, past, header)
    raise UnopenableError("no key opens an envelope's header")


def _within_chain(
    state: RatchetState, chain: ReceivingChain, header: Header, now: int
) -> tuple[RatchetState, bytes]:
    _check_same_chain(chain, header)
    if header.n < chain.n:
        skipped, key = take_skipped(chain.skipped, header.n)
        return replace(state, receiving=replace(chain, skipped=skipped)), key
    if header.n - chain.n > MAX_SKIP:
        raise UnopenableError("an envelope skips too many")
    chain, key = take_next(skip(chain, header.n, now))
    return replace(state, receiving=chain), key


def _after_step(state: RatchetState, header: Header, now: int, kem: Kem) -> tuple[RatchetState, bytes]:
    """Mirror the peer's step. What is cheap to check comes first."""
    sending = state.sending
    if isinstance(sending, StepDue):
        raise UnopenableError("a step towards nothing")
    past = _ended_chain(state, header, now)
    check_x25519_public(header.dh)
    kem.check_public(header.ek)
    mine = sending.keys
    step = Step(state.sid, header.dh, mine.dh_public, mine.ek_public, header.ct)
    shared = x25519(mine.dh_secret, header.dh), kem.decapsulate(mine.ek_secret, header.ct)
    root, chain_key, next_header = step.keys(state.root_key, *shared)
    chain = ReceivingChain(state.next_receiving, header.chain, {}, chain_key, 0)
    chain, key = take_next(skip(chain, header.n, now))
    stepped = replace(
        state,
        root_key=root,
        next_receiving=next_header,
        sending=StepDue(header.dh, header.ek, sending.n),
        receiving=chain,
        past=state.past + past,
    )
    return stepped, key


def _ended_chain(state: RatchetState, header: Header, now: int) -> tuple[PastChain, ...]:
    """What remains of the chain that a step ends, if anything."""
    chain = state.receiving
    received = 0 if chain is None else chain.n
    if header.pn < received or header.pn - received + header.n > MAX_SKIP:
        raise UnopenableError("an envelope's numbers do not fit, or skip too many")
    if chain is None:
        if header.pn > 0:
            raise UnopenableError("an envelope tells of a chain that nobody saw")
        return ()
    past = skip(chain, header.pn, now).past()
    return (past,) if past.skipped else ()


def _from_past(state: RatchetState, past: PastChain, header: Header) -> tuple[RatchetState, bytes]:
    _check_same_chain(past, header)
    skipped, key = take_skipped(past.skipped, header.n)
    return with_past_chain(state, past, skipped), key


def _check_same_chain(chain: ReceivingChain | PastChain, header: Header) -> None:
    if header.chain != chain.chain:
        raise UnopenableError("an envelope's header changed within a chain")
