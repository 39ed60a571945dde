"""What the doctor finds about tor: its program, its configuration, and what hinders the one that runs."""

from __future__ import annotations

from collections.abc import Iterator

from tuichat.cli.context import Context, run_async
from tuichat.cli.doctor_bridges import bridges
from tuichat.cli.finding import Finding
from tuichat.cli.tor_words import hindrance, next_step
from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import TorState


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
    if found.text not in [way.text for way in ways]:  # tor does not take bridges whose program is missing
        yield Finding("tor", "ok" if found.usable else "error", found.text, found.hint)
    for sentence in found.warnings:
        hint = _("A newer tor is in the Tor Project's own package repository.")
        yield Finding("tor", "warning", sentence, hint)
    running = running_tor(context)
    if running.problem not in ("", "clock_skew"):  # the clock has a check of its own
        text = _("the running node says: {problem}").format(problem=hindrance(running))
        yield Finding("tor", "error", text, next_step(running))


def running_tor(context: Context) -> TorState:
    """How the running node's tor does; nothing to say of it if none runs or it is locked."""
    from tuichat import bootstrap

    async def asked() -> TorState:
        async with context.node(start=False, unlock=False) as node:
            return (await node.status()).tor

    try:
        if not bootstrap.socket_path(context.paths()).exists():  # one that begins or ends is not waited for
            return TorState()
        return run_async(asked())
    except TuichatError:
        return TorState()  # whatever keeps us from asking is found by another check
