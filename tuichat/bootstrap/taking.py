"""Taking a profile: its lock, from nobody, from a detached node that hands over, or not at all."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from tuichat.api.client import AsyncClient
from tuichat.bootstrap.profiles import socket_path
from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _
from tuichat.model import from_milliseconds
from tuichat.store.profile_lock import LockHolder, NodeLock, lock_holder
from tuichat.store.profile_paths import ProfilePaths

RunningKind = Literal["daemon", "detached"]

LOCK_SECONDS: Final = 20.0
"""How long a daemon waits for a node that ends or hands over."""

_PAUSE: Final = 0.05


async def take_lock(paths: ProfilePaths, kind: RunningKind) -> NodeLock | None:
    """The profile's lock. A daemon asks a detached node for it; a detached one gives way: None.

    Raises:
        TuichatError: another daemon has it, or whoever has it does not answer.
    """
    asked_pid = 0
    try:
        async with asyncio.timeout(LOCK_SECONDS):
            while (lock := NodeLock.acquire(paths.lock, kind)) is None:
                if kind == "detached":
                    return None
                asked_pid = await _ask_handover(paths, asked_pid)
                await asyncio.sleep(_PAUSE)
            return lock
    except TimeoutError:
        raise _no_answer(lock_holder(paths.lock)) from None


async def _ask_handover(paths: ProfilePaths, asked_pid: int) -> int:
    """Ask a detached node once to hand over; gives the pid of the one that was asked last.

    Raises:
        TuichatError: it is a daemon.
    """
    try:
        async with AsyncClient.connect(socket_path(paths)) as node:
            there = await node.hello()
            if there.node == "daemon":
                raise _daemon_runs(there.pid, lock_holder(paths.lock))
            if there.pid != asked_pid:
                await node.stop("handover")
            return there.pid
    except UnreachableError:
        return asked_pid


def _daemon_runs(pid: int, holder: LockHolder | None) -> TuichatError:
    hint = _("End it: tuichat daemon stop")
    if holder is None or holder.since is None:
        return TuichatError(
            _("A daemon runs for this profile already, with pid {pid}.").format(pid=pid), hint
        )
    text = _("A daemon runs for this profile already, with pid {pid}, since {moment}.")
    return TuichatError(text.format(pid=pid, moment=_moment(holder.since)), hint)


def _no_answer(holder: LockHolder | None) -> TuichatError:
    """Who holds the profile and does not answer, as far as that is known."""
    hint = _("Wait for it, or end it.")
    if holder is None or holder.pid is None or holder.since is None:
        return TuichatError(_("Another tuichat holds this profile and does not answer."), hint)
    texts = {
        "daemon": _("A daemon with pid {pid} holds this profile since {moment} and does not answer."),
        "detached": _(
            "A node that other commands started, with pid {pid}, holds this profile since {moment} and does "
            "not answer."
        ),
    }
    other = _("Another tuichat with pid {pid} is at work on this profile since {moment}.")
    text = texts.get(holder.kind or "", other)
    return TuichatError(text.format(pid=holder.pid, moment=_moment(holder.since)), hint)


def _moment(seconds: float) -> str:
    return from_milliseconds(int(seconds) * 1000).isoformat().replace("+00:00", "Z")
