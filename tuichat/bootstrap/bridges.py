"""What stands behind the bridge lines of the settings: transports, and their programs on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onion.bridges import parse_bridges
from onion.errors import TorError
from onion.transports import look_at_program
from tuichat.i18n import translated


@dataclass(frozen=True, slots=True)
class BridgesFound:
    """The bridges of one transport.

    Attributes:
        transport: "" for those without one.
        count: how many there are.
        program: the transport's, which tor starts; with its version, "" if it does not tell.
        problem: why they cannot be used, "" if they can; `hint` is what to do.
    """

    transport: str
    count: int
    program: Path = Path()
    version: str = ""
    problem: str = ""
    hint: str = ""


async def look_at_bridges(lines: Sequence[str]) -> list[BridgesFound]:
    """Look for the program of each transport and ask for its version; no bridge is asked for anything.

    Raises:
        TorError: a line is no bridge line, which the settings have ruled out.
    """
    counts = Counter(bridge.transport for bridge in parse_bridges(lines))
    return [await _found(transport, count) for transport, count in sorted(counts.items())]


async def _found(transport: str, count: int) -> BridgesFound:
    if not transport:
        return BridgesFound("", count)
    try:
        program = await look_at_program(transport)
    except TorError as error:
        words = translated(error.message), translated(error.hint)
        return BridgesFound(transport, count, problem=words[0], hint=words[1])
    return BridgesFound(transport, count, program.path, program.version)
