"""Lines from a list in place of a terminal, and all that was shown."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import msgspec

from tests.support.at_rest import nothing_ready
from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.plain.options import Options
from tuichat.plain.program import Program
from tuichat.tui.node_client import NodeClient

Step = str | Callable[[], object] | None
"""A line to be typed; something to do before the next one is; None for Ctrl+D."""

_MOMENT = 0.02


async def _a_moment() -> None:
    """Until what is under way is done, also where this process seldom has its turn."""
    await nothing_ready()
    await asyncio.sleep(_MOMENT)
    await nothing_ready()


class ScriptedLines:
    """Implements `Lines`. Tests read `shown`, `prompts`, `secrets`, `bells` and `signals`."""

    def __init__(self, *steps: Step, interactive: bool = True, pasted: bool = False) -> None:
        self.interactive = interactive
        self.shown: list[str] = []
        self.prompts: list[str] = []
        self.secrets: list[str] = []
        self.bells = 0
        self.signals: list[str] = []
        self.recalled: list[str] = []
        self.complete: Callable[[str], list[str]] = lambda _line: []
        self._steps = deque(steps)
        self._pasted = pasted

    @property
    def text(self) -> str:
        """All that was shown."""
        return "\n".join(self.shown)

    async def read(self, prompt: str, *, secret: bool = False) -> str | None:
        self.prompts.append(prompt)
        while self._steps and callable(self._steps[0]):
            step = self._steps.popleft()
            assert callable(step)
            await _a_moment()
            step()
            await _a_moment()
        line = self._steps.popleft() if self._steps else None
        assert not callable(line)
        if secret and line is not None:
            self.secrets.append(line)
        return line

    async def more(self) -> bool:
        return self._pasted and bool(self._steps) and isinstance(self._steps[0], str)

    def write(self, text: str) -> None:
        self.shown.append(text)

    def complete_by(self, complete: Callable[[str], list[str]]) -> None:
        self.complete = complete

    def recall(self, texts: Sequence[str]) -> None:
        self.recalled = list(texts)

    def remember(self, text: str) -> None:
        self.recalled.append(text)

    def ring(self) -> None:
        self.bells += 1

    def signal(self, sequence: str) -> None:
        self.signals.append(sequence)


async def plain(
    node: MemoryNode,
    lines: ScriptedLines,
    options: Options | None = None,
    *,
    attaching: float = 0.0,
    **changes: Any,
) -> int:
    """Run the plain mode to the end of its script; gives the exit code.

    Args:
        attaching: how many seconds it takes to attach to the node.
        changes: of the options.
    """

    async def attach() -> NodeClient:
        await asyncio.sleep(attaching)
        return node

    chosen = options or Options(zone=UTC)
    program = Program(attach, lines, msgspec.structs.replace(chosen, **changes), FixedClock())
    async with asyncio.timeout(60):
        return await program.run()
