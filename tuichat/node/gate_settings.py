"""Settings, behind the gate: reading them again is the matter of who has read them."""

from __future__ import annotations

from collections.abc import Callable

from tuichat.model import Reread


class GateSettings:
    """That part of `NodeApi`, for the gate."""

    reread: Callable[[], Reread] | None = None
    """Reads them again and goes by them; raises TuichatError if they are wrong. None where there are none."""

    async def reload(self) -> Reread:
        return Reread() if self.reread is None else self.reread()
