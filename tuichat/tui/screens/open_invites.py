"""The invites that can still be used, and taking one of them back."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Invite
from tuichat.tui.context import Context
from tuichat.tui.screens.listing import Listing


class OpenInvites(Listing):
    """The one that ends first stands first. Their texts were told once, when they were made."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "revoke", show=False)]

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._invites: list[Invite] = []
        self._loaded = False

    def title_text(self) -> str:
        """What is listed."""
        return _("Open invites")

    def nothing_text(self) -> str:
        """What stands there while the list is empty."""
        return _("No invite is open. /invite makes one.") if self._loaded else _("Looking...")

    def keys_text(self) -> str:
        """The keys."""
        return _("x revoke   Esc close")

    def lines(self) -> list[str]:
        """When each ends, and when it was made."""
        exact = self.shared.calendar().exact
        return [
            _("open until {end}, made {begin}").format(
                end=exact(invite.expires_at), begin=exact(invite.created_at)
            )
            for invite in self._invites
        ]

    def on_mount(self) -> None:
        self._load()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        try:
            invites = await self.shared.session.node.invite_list()
        except TuichatError as error:
            self.fail(error)
            return
        now = self.shared.clock.now()
        usable = [each for each in invites if each.state == "open" and each.expires_at.timestamp() > now]
        self._invites = sorted(usable, key=lambda invite: (invite.expires_at, invite.id))
        self._loaded = True
        self.show()

    @work(exclusive=True, group="revoke")
    async def action_revoke(self) -> None:
        """Take back the one under the cursor, after a question."""
        if not self._invites:
            return
        invite = self._invites[self.cursor]
        end = self.shared.calendar().exact(invite.expires_at)
        question = _("Revoke the invite that is open until {end}? Whoever holds it cannot use it any more.")
        if await self.ask(question.format(end=end), _("y  revoke   n  no")):
            try:
                await self.shared.session.node.invite_revoke(invite.id)
            except TuichatError as error:
                self.fail(error)
            else:
                self.say(_("Revoked."))
            self._load()
