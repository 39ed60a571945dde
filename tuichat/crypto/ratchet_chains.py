"""Skipped message keys: how many a peer can make us keep, for how long, and how each is used once (R5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tuichat.crypto.envelope import UnopenableError
from tuichat.crypto.ratchet_keys import message_key, next_chain
from tuichat.crypto.ratchet_state import PastChain, RatchetState, ReceivingChain, Skipped, SkippedKey

MAX_SKIP: Final = 1000
"""How many messages one envelope may skip, both its gaps together."""

MAX_SKIPPED: Final = 2000
"""How many skipped keys are kept in all."""

MAX_PAST_CHAINS: Final = 8
"""Of how many ended chains; each costs one attempt to open a header."""

SKIPPED_SECONDS: Final = 30 * 86_400
"""For how long a skipped key is kept."""


def skip(chain: ReceivingChain, until: int, now: int) -> ReceivingChain:
    """The chain with message `until` next, and the keys of those before it kept. `until` is not below n."""
    if until == chain.n:
        return chain
    skipped, chain_key = dict(chain.skipped), chain.chain_key
    for n in range(chain.n, until):
        skipped[n] = SkippedKey(message_key(chain_key), now)
        chain_key = next_chain(chain_key)
    return replace(chain, skipped=skipped, chain_key=chain_key, n=until)


def take_next(chain: ReceivingChain) -> tuple[ReceivingChain, bytes]:
    """The chain after its next message, and that message's key."""
    following = replace(chain, chain_key=next_chain(chain.chain_key), n=chain.n + 1)
    return following, message_key(chain.chain_key)


def take_skipped(skipped: Skipped, n: int) -> tuple[Skipped, bytes]:
    """The others, and the key of message `n`.

    Raises:
        UnopenableError: it is not among them: opened before, dropped, or never skipped.
    """
    if n not in skipped:
        raise UnopenableError("an envelope's key is gone")
    others = dict(skipped)
    return others, others.pop(n).message_key


def without_expired(state: RatchetState, now: int) -> RatchetState:
    """The state without keys that were kept too long; the same object if there are none."""
    oldest = now - SKIPPED_SECONDS
    if all(key.kept_at >= oldest for skipped in _all_skipped(state) for key in skipped.values()):
        return state
    kept = [
        {n: key for n, key in skipped.items() if key.kept_at >= oldest} for skipped in _all_skipped(state)
    ]
    return _with_skipped(state, kept)


def within_limits(state: RatchetState) -> RatchetState:
    """The state without the oldest skipped keys and chains that are too many."""
    state = replace(state, past=state.past[-MAX_PAST_CHAINS:])
    excess = sum(len(skipped) for skipped in _all_skipped(state)) - MAX_SKIPPED
    if excess <= 0:
        return state
    kept = []
    for skipped in _all_skipped(state):
        kept.append(dict(list(skipped.items())[excess:]) if excess > 0 else skipped)
        excess -= len(skipped)
    return _with_skipped(state, kept)


def with_past_chain(state: RatchetState, old: PastChain, skipped: Skipped) -> RatchetState:
    """The state with `skipped` left of the past chain `old`; without it if nothing is."""
    changed = (replace(past, skipped=skipped) if past is old else past for past in state.past)
    return replace(state, past=tuple(past for past in changed if past.skipped))


def _all_skipped(state: RatchetState) -> Iterator[Skipped]:
    """The oldest first."""
    for past in state.past:
        yield past.skipped
    if state.receiving is not None:
        yield state.receiving.skipped


def _with_skipped(state: RatchetState, kept: list[Skipped]) -> RatchetState:
    """The state with other skipped keys, in the order of `_all_skipped`."""
    assert state.receiving is not None  # only it and those before it have skipped keys
    pasts = (replace(past, skipped=skipped) for past, skipped in zip(state.past, kept[:-1], strict=True))
    return replace(
        state,
        past=tuple(past for past in pasts if past.skipped),
        receiving=replace(state.receiving, skipped=kept[-1]),
    )
