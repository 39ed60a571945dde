"""What a node is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import Kem
from tuichat.hook_settings import Hook
from tuichat.network.transport import Transport
from tuichat.node.backups import Backups
from tuichat.node.file_places import FileLimits, FileRules
from tuichat.node.jobs import OffLoop
from tuichat.node.reach import Visibility
from tuichat.node.signs import SignRules
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The concrete parts of a node; `name` is what this person calls themself, "" for nothing.

    `visibility` is who may connect to our service: everybody, or who holds a key of ours; `backups` makes
    some of the profile, if there is one; `files` is what is settled about files; `off_loop` runs what waits
    for the disk or computes long; `signs` is what contacts are told of this person; `retention` is after
    how many seconds messages are deleted where nothing else is said, 0 for never; `hooks` are the programs
    to run at events; `still_works` is called every now and then by work that keeps the event loop for long.
    """

    store: Store
    identity: Identity
    name: str
    transport: Transport
    clock: Clock
    rng: Rng
    kem: Kem
    files: FileRules
    visibility: Visibility = "public"
    backups: Backups | None = None
    signs: SignRules = field(default_factory=SignRules)
    retention: int = 0
    hooks: tuple[Hook, ...] = ()
    off_loop: OffLoop = asyncio.to_thread
    still_works: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person may settle anew while their node runs; see `NodeParts`, which has what holds at first."""

    files: FileLimits
    signs: SignRules
    retention: int
