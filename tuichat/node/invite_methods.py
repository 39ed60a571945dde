"""The methods of the local API about invites."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tuichat.model import Invite
from tuichat.node.callers import Callers
from tuichat.node.events import EventHub
from tuichat.node.invites import Invites
from tuichat.node.reach import INVITE_KEYS, Reach


class InviteMethods(ABC):
    """That part of `NodeApi`, for whoever has these."""

    _callers: Callers
    _hub: EventHub
    _invites: Invites
    _reach: Reach

    @abstractmethod
    async def _admit(self) -> None:
        """Let who holds an invite reach the service, if they cannot yet."""

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        now = self._hub.now()
        self._reach.check_room(now, INVITE_KEYS)
        with self._hub.change():
            invite = self._invites.create(seconds, now)
        await self._invites_changed()
        return invite

    async def invite_list(self) -> list[Invite]:
        return self._invites.list(self._hub.now())

    async def invite_revoke(self, invite: int) -> None:
        with self._hub.change():
            self._invites.revoke(invite)
        await self._invites_changed()

    async def _invites_changed(self) -> None:
        self._callers.forget_knocks()
        await self._admit()
