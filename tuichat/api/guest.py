"""A client that has presented a token: what it sees, and what it may still use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tuichat.api.limits import Usage, Usages
from tuichat.api.methods import Method
from tuichat.api.scoped import ScopedApi, ServedApi
from tuichat.errors import DeniedError
from tuichat.i18n import _
from tuichat.model import METHOD_GROUPS, AnyEvent


class Guest:
    """One connection's.

    Args:
        view: of the node.
        usage: shared with whoever holds the same token.
    """

    def __init__(self, view: ScopedApi, usage: Usage) -> None:
        self._view = view
        self._usage = usage

    @classmethod
    async def admitted(cls, api: ServedApi, token: str, usages: Usages) -> Guest:
        """Present a token. Raises DeniedError if it is none or in use too often, LockedError."""
        scope = await api.admit(token)
        return cls(ScopedApi(api, scope), usages.enter(scope.token))

    def leave(self) -> None:
        """The connection is over."""
        self._usage.connections -= 1

    @property
    def lives(self) -> bool:
        """Whether the token is still good."""
        return self._view.lives

    def allows(self, method: str) -> bool:
        """Whether there is this method for it."""
        return self._view.allows(method)

    async def wait_line(self) -> None:
        """Wait until another line may be read."""
        await self._usage.calls.turn()

    async def wait_turn(self, method: str) -> None:
        """Wait until that may be asked. Raises DeniedError when the token is over."""
        if method not in METHOD_GROUPS["read"]:
            await self._usage.changes.turn()
        if method == "search":
            await self._usage.searches.turn()
        if not self.lives:
            raise DeniedError(
                _("This token opens nothing any more."), _("Ask the owner for another: tuichat token create")
            )

    async def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        """See `ScopedApi.call`."""
        return await self._view.call(method, arguments)

    def subscribe(self, **arguments: Any) -> AsyncIterator[AnyEvent]:
        """See `ScopedApi.subscribe`."""
        return self._view.subscribe(**arguments)
