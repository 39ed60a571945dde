"""The command palette: the same commands as are typed, and no others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tuichat.tui.slash import usages

if TYPE_CHECKING:
    from tuichat.tui.app import TuichatApp


class CommandPalette(Provider):
    """Every command with what it does."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, (argument, meaning) in usages().items():
            yield DiscoveryHit(_title(name, argument), self._run(name), help=meaning)

    async def search(self, query: str) -> Hits:
        """Those that fit by name or meaning."""
        matcher = self.matcher(query)
        for name, (argument, meaning) in usages().items():
            points = max(matcher.match(name), matcher.match(meaning) * 0.8)
            if points > 0:
                yield Hit(points, matcher.highlight(_title(name, argument)), self._run(name), help=meaning)

    def _run(self, name: str) -> partial[None]:
        return partial(cast("TuichatApp", self.app).run_command, name)


def _title(name: str, argument: str) -> str:
    return f"/{name} {argument}".strip().replace("[", "(").replace("]", ")")
