"""Those who were blocked, and undoing it."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.tui.screens.listing import Listing
from tuichat.tui.session import Happening


class Blocked(Listing):
    """Follows events while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("u", "unblock", show=False)]

    _here: int | None = None

    def title_text(self) -> str:
        """What is listed."""
        return _("Blocked")

    def nothing_text(self) -> str:
        """What stands there while the list is empty."""
        return _("Nobody is blocked.")

    def keys_text(self) -> str:
        """The keys."""
        return _("u unblock   Esc close")

    def lines(self) -> list[str]:
        """The name here, and the address."""
        return [f"{person.name}  {person.address}" for person in self.shared.session.known.blocked()]

    def happened(self, happening: Happening) -> None:
        """Somebody may have been blocked or unblocked elsewhere."""
        if self.is_mounted:
            self.show()

    def show(self) -> None:
        """Draw the rows anew; the cursor stays on its person."""
        people = [person.id for person in self.shared.session.known.blocked()]
        if self._here in people:
            self.cursor = people.index(self._here)
        super().show()
        self._here = people[self.cursor] if people else None

    def action_step(self, step: int) -> None:
        """Another person."""
        self._here = None
        super().action_step(step)

    @work(exclusive=True)
    async def action_unblock(self) -> None:
        """Hear of the one under the cursor again."""
        people = self.shared.session.known.blocked()
        if people:
            person = people[self.cursor]
            try:
                await self.shared.session.node.contact_unblock(person.address)
            except TuichatError as error:
                self.fail(error)
            else:
                self.say(_("{name} is no longer blocked.").format(name=person.name))
