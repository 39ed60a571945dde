"""What the main screen does about what is pointed at: words of its rows, links, quotes, reactions."""

from __future__ import annotations

from abc import abstractmethod

from textual import events, on, work

from tuichat.i18n import _
from tuichat.model import Contact, ContactEvent
from tuichat.tui.context import Context
from tuichat.tui.links import links
from tuichat.tui.screens.sign_screen import SignScreen
from tuichat.tui.session import Happening
from tuichat.tui.slash import Command
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.pointed_history import PointedHistory


class PointingScreen(SignScreen):
    """Whatever is clicked does what a key or a command does, too."""

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._asking: set[int] = set()

    def desk_happened(self, event: Happening) -> None:
        """Say, too, that somebody asks to be a contact; not who, for the name is of their own choice."""
        match event:
            case ContactEvent(contact=Contact(state="pending", id=asking)) if asking not in self._asking:
                self._asking.add(asking)
                self.say(_("Somebody asks to be your contact. Alt+R or /requests shows who."))
        super().desk_happened(event)

    @abstractmethod
    def action_switch(self) -> None:
        """In a narrow window the other pane, else the quick switch."""

    @work(exclusive=True, group="add")
    async def add_somebody(self, address: str = "") -> None:
        """Ask somebody to be a contact; their address or invite may be known already."""
        from tuichat.tui.screens.add_contact import AddContact

        contact: Contact | None = await self.app.push_screen_wait(AddContact(self.shared, address))
        if contact is not None:
            self.shared.session.known.people[contact.id] = contact
            self.open(contact.id)

    @on(SignScreen.AddWanted)
    def _add_wanted(self, event: SignScreen.AddWanted) -> None:
        self.add_somebody(event.address)

    async def on_click(self, event: events.Click) -> None:
        """The sign before the input has all commands behind it."""
        if event.widget is self.query_one("#prompt"):
            await self.app.run_action("command_palette")

    @on(PartsLine.Pressed)
    def _words_pressed(self, event: PartsLine.Pressed) -> None:
        if event.command == "switch":
            self.action_switch()
        else:
            self.post_message(self.Run(Command(event.command, "")))

    @on(PointedHistory.LinkWanted)
    async def _link_wanted(self, event: PointedHistory.LinkWanted) -> None:
        self.show_links([link.url for link in links(event.message.text)], event.number)

    def show_links(self, urls: list[str], first: int) -> None:
        """Ask about one of these links before it is opened."""
        from tuichat.tui.screens.link_question import LinkQuestion

        if first < len(urls):
            self.app.push_screen(LinkQuestion(self.shared.glyphs, urls, first))

    @on(PointedHistory.QuoteWanted)
    def _quote_wanted(self, event: PointedHistory.QuoteWanted) -> None:
        contact = self.conversation.contact
        if contact is not None:
            self.go_to_message(contact, event.message)

    @on(PointedHistory.Reacted)
    @work(group="react")
    async def _reacted(self, event: PointedHistory.Reacted) -> None:
        await self.react(event.message, event.emoji)
