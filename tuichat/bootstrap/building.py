"""A running node from its concrete parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from onion.child import ChildTor
from onion.errors import TorError
from onion.system import DEBIAN_CONTROL, SystemTor
from onion.tor import Tor
from tuichat.bootstrap.onion_place import onion_place
from tuichat.bootstrap.tor_options import child_options
from tuichat.clock import Clock, Rng
from tuichat.config import Config, TorConfig
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.passphrase import Secret
from tuichat.errors import UsageError
from tuichat.i18n import translated
from tuichat.network.tor_transport import TorTransport
from tuichat.node.backups import BackupParts, Backups
from tuichat.node.custody import sealed_by
from tuichat.node.file_places import FileLimits, FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts, Settled
from tuichat.node.signs import SignRules
from tuichat.store.passphrase_change import tidy_keys
from tuichat.store.profile import open_profile
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.quarantine import open_store
from tuichat.store.store import Store


async def open_node(
    paths: ProfilePaths,
    config: Config,
    secret: Secret,
    clock: Clock,
    rng: Rng,
    still_works: Callable[[], None],
) -> Node:
    """Open the profile and start its node, offline; for `still_works` see `NodeParts`.

    Raises:
        LockedError: the secret is wrong.
        DamagedError: a file of the profile is damaged.
        StorageError: the disk is full or fails, or the system's tor has no directory in common with us.
    """
    # A passphrase is made into a key slowly, on purpose: the loop must go on meanwhile.
    profile = await asyncio.to_thread(open_profile, paths, secret)
    tidy_keys(paths, profile)
    tor = make_tor(paths, config.tor)
    place = onion_place(paths, config.tor)
    transport = TorTransport(tor, profile.identity.onion_seed, place.socket, clock, rng, place.mode)
    store = await _store(paths, profile.database_key, clock)
    backups = BackupParts(
        paths=paths,
        store=store,
        identity=profile.identity,
        name=profile.name,
        sealed_by=sealed_by(profile),
        visibility=config.privacy.visibility,
        clock=clock,
        rng=rng,
    )
    settled = settled_by(config)
    node = Node(
        NodeParts(
            store=store,
            identity=profile.identity,
            name=profile.name,
            transport=transport,
            clock=clock,
            rng=rng,
            kem=MlKem768(),
            files=FileRules(config.files.directory or paths.inbox, paths.outgoing, settled.files),
            visibility=config.privacy.visibility,
            backups=Backups(backups),
            signs=settled.signs,
            retention=settled.retention,
            hooks=config.hooks,
            still_works=still_works,
        )
    )
    await node.start()
    return node


async def _store(paths: ProfilePaths, key: bytes, clock: Clock) -> Store:
    """The profile's store, opened off the loop: a large database may have to be read to its end.

    Whoever is cancelled waits for that, and the store is closed again.
    """
    opening = asyncio.ensure_future(asyncio.to_thread(open_store, paths, key, clock))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        if not opening.cancelled() and opening.exception() is None:
            opening.result().close()
        raise


def settled_by(config: Config) -> Settled:
    """What the settings say about what may change while a node runs."""
    files, privacy = config.files, config.privacy
    return Settled(
        files=FileLimits(files.circuits, files.auto_accept_below, files.quota),
        signs=SignRules(privacy.receipts, privacy.typing, privacy.presence),
        retention=privacy.retention_seconds,
    )


def make_tor(paths: ProfilePaths, config: TorConfig) -> Tor:
    """The tor that the settings ask for, not started.

    Raises:
        UsageError: the settings name no place where a tor could be.
    """
    if config.mode == "child":
        return ChildTor(child_options(paths, config, create=True))
    try:
        return SystemTor(config.control or DEBIAN_CONTROL, config.socks)
    except TorError as error:
        raise UsageError(translated(error.message), translated(error.hint)) from None
