"""What the doctor finds about tor: its program, its configuration, what hinders the one that runs, and us."""

from __future__ import annotations

from collections.abc import Iterator

from tuichat.cli.context import Context, run_async
from tuichat.cli.doctor_bridges import bridges
from tuichat.cli.finding import Finding
from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Status, TorState
from tuichat.tor_words import hindrance, next_step


def tor(context: Context) -> Iterator[Finding]:
    """The tor of the settings, whether it takes its configuration, and what hinders the one that runs."""
    from tuichat import bootstrap, doctor

    config = context.config().tor
    ways: list[Finding] = []
    if config.mode == "system":
        found = run_async(doctor.look_at_running_tor(config.control, config.socks))
    else:
        ways = list(bridges(config.bridges))
        yield from ways
        options = bootstrap.child_options(context.paths(), config)
        found = run_async(doctor.look_at_tor(options))
    what = "" if found.usable else "control" if config.mode == "system" else "program"
    if found.text not in [way.text for way in ways]:  # tor does not take bridges whose program is missing
        yield Finding("tor", "ok" if found.usable else "error", found.text, found.hint, what)
    for sentence in found.warnings:
        hint = _("A newer tor is in the Tor Project's own package repository.")
        yield Finding("tor", "warning", sentence, hint, "weakness")
    running = running_tor(context)
    if running.problem not in ("", "clock_skew"):  # the clock has a check of its own
        text = _("the running node says: {problem}").format(problem=hindrance(running))
        yield Finding("tor", "error", text, next_step(running), "hindered")


def reach(context: Context) -> Iterator[Finding]:
    """Whether others reach us, as far as the running node knows."""
    status = running_status(context)
    if status is None:
        yield Finding("reach", "ok", _("no node runs that could tell"), what="none")
    else:
        yield about_reach(status)


def about_reach(status: Status) -> Finding:
    """What a node knows of its own service."""
    service = status.service
    if status.locked:
        return Finding("reach", "ok", _("not known: locked. Unlock it (tuichat unlock)"), what="locked")
    if service.reachable:
        at = "" if service.checked_at is None else f"{service.checked_at:%Y-%m-%d %H:%M} UTC"
        return Finding("reach", "ok", _("others can reach you; last seen {time}").format(time=at))
    if service.stage == "offline":
        text = _("this node is not online: no command has needed it yet")
        return Finding("reach", "ok", text, what="offline")
    hint = _("Wait for it: tuichat status --wait reachable. What hinders tor is said above.")
    if service.stage == "no_answer":
        text = _("others cannot reach you: your own service did not answer")
        return Finding("reach", "warning", text, hint, "no_answer")
    if service.stage == "unpublished":
        text = _("others cannot reach you: the service could not be published")
        return Finding("reach", "warning", text, hint, "unpublished")
    text = _("others cannot reach you yet: it is being made ready")
    return Finding("reach", "warning", text, hint, "not_yet")


def running_tor(context: Context) -> TorState:
    """How the running node's tor does; nothing to say of it if none runs or it is locked."""
    status = running_status(context)
    return TorState() if status is None else status.tor


def running_status(context: Context) -> Status | None:
    """How the running node does; None if none runs or it does not answer."""
    from tuichat import bootstrap

    async def asked() -> Status:
        async with context.node(start=False, unlock=False) as node:
            return await node.status()

    try:
        if not bootstrap.socket_path(context.paths()).exists():  # one that begins or ends is not waited for
            return None
        return run_async(asked())
    except TuichatError:
        return None  # whatever keeps us from asking is found by another check
