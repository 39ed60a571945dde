"""What a node can be asked: the methods of the local API.

The node itself implements this, and so does the client over the socket; the server derives its table of
methods from it (`contact_add` is called `contact.add` on the wire). A `ref` names a contact: its exact
petname, else its full address, else a prefix of at least six characters of one. Each method raises a
`TuichatError` that says what is wrong and what to do.
"""

from __future__ import annotations

from typing import Literal, Protocol

from tuichat.api.file_api import FileApi
from tuichat.api.settings_api import SettingsApi
from tuichat.api.token_api import TokenApi
from tuichat.model import (
    Backup,
    Contact,
    DatabaseCheck,
    Draft,
    Exported,
    FoundPage,
    Hello,
    Imported,
    Invite,
    Message,
    SafetyNumber,
    Status,
)


class NodeApi(TokenApi, SettingsApi, FileApi, Protocol):
    """One profile's node. All but `hello`, `status`, `unlock`, `active`, `passphrase`,
    `duress`, `reload`, `wipe` and `stop` need it unlocked."""

    async def hello(self, token: str | None = None) -> Hello:
        """Who serves, and which version.

        Args:
            token: from here on the client may do what this token allows, and no more. Raises DeniedError if
                it is none; on the socket for bots it has to come first.
        """
        ...

    async def status(self) -> Status:
        """The node at a glance."""
        ...

    async def unlock(self, passphrase: str, key_file: bytes | None = None) -> None:
        """Open the profile for every client. Raises LockedError if it does not open.

        Args:
            key_file: the content of the key file, base64 in JSON; ignored where none is needed.
        """

    async def lock(self) -> None:
        """Close all links, forget the keys and wait to be unlocked again."""

    async def active(self) -> None:
        """A person is at work: `privacy.auto_lock` counts from here. Works in a locked node, too."""

    async def passphrase(
        self,
        current: str,
        new: str | None,
        key_file: bytes | None = None,
        new_key_file: bytes | None = None,
    ) -> None:
        """Lock the profile by another passphrase, None for by none; works in a locked node, too.

        Args:
            current, key_file: what opens it now, of no meaning for a profile without passphrase.
            new_key_file: 64 random bytes that are needed from now on, too; None for no key file.
        """
        ...

    async def duress(self, current: str, passphrase: str | None, key_file: bytes | None = None) -> None:
        """Set a duress passphrase, or for None take it away.

        Given in the place of the other one, it wipes the profile and is answered as a wrong one. Whether
        there is one cannot be asked.
        """
        ...

    async def wipe(self, keep_files: bool = False) -> None:
        """Destroy the keys, remove all files of the profile and end the node; works in a locked node, too.

        Args:
            keep_files: received files that are whole stay.
        """

    async def go_online(self) -> None:
        """Start tor, publish our service and dial contacts, if that is not under way already."""

    async def use_bridges(self, lines: list[str]) -> None:
        """Have our own tor use these bridges only, at once; [] for none. The settings stay as they are.

        Raises UsageError: a line is none, a program is missing, or the tor is not ours; nothing is changed.
        """

    async def stop(self, reason: Literal["stop", "handover"] = "stop") -> None:
        """End the node after everything acknowledged is on disk; the answer comes before it ends."""

    async def keep_until_delivered(self) -> None:
        """Let a detached node live on without clients until nothing is queued, and no file under way."""
        ...

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        """Write identity and database, as they are now, into one sealed file that `restore` understands.

        Args:
            path: absolute; the node writes the file.
            passphrase: to seal it with; None for the profile's own.
            force: a file that is there is replaced.
        """
        ...

    async def check_database(self) -> DatabaseCheck:
        """Read the whole database and see whether it is sound. Raises DamagedError where it is unreadable."""
        ...

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        """Ask the owner of an address or the maker of an invite to be a contact.

        A pending request of theirs is accepted instead.
        """
        ...

    async def contact_list(self) -> list[Contact]:
        """Every contact, in whatever state, by name."""
        ...

    async def contact_accept(self, ref: str) -> Contact:
        """Accept a pending request."""
        ...

    async def contact_reject(self, ref: str) -> None:
        """Forget a pending request; its sender learns nothing."""
        ...

    async def contact_block(self, ref: str) -> Contact:
        """Never hear of this person again; they learn nothing."""
        ...

    async def contact_unblock(self, ref: str) -> Contact:
        """Undo a block: the person must be asked, or ask, anew."""
        ...

    async def contact_remove(self, ref: str) -> None:
        """Forget a contact with its keys, its history and its queue."""
        ...

    async def contact_rename(self, ref: str, name: str) -> Contact:
        """Give a contact another petname; petnames are unique."""
        ...

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        """The safety number; with `digits` (or a scanned code) compare, and mark as verified if equal."""
        ...

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        """Decide about another key that the contact's address showed.

        Accepted, it takes the place of the one known here, unverified; else the contact stays as it was, and
        this key is refused in silence from then on.
        """
        ...

    async def contact_erase(self, ref: str) -> Contact:
        """Erase all that was said with a contact, what waits, what was offered and what is written.

        The contact stays, and so do files that have come.
        """
        ...

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        """Give a contact tags; they are kept in small letters."""
        ...

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        """Take tags away from a contact."""
        ...

    async def conversation_set(
        self,
        ref: str,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        unread_from: int | None = None,
    ) -> Contact:
        """Keep the conversation with a contact another way; None leaves something as it is.

        Args:
            unread_from: the received message at which reading stopped.
        """
        ...

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        """Have texts and files of both people disappear after so many seconds, 0 for never; None only asks.

        What was received disappears so long after it was seen first, what was sent after its acknowledgement,
        and both at most 30 days later than if that had come at once. A file that was put elsewhere than into
        the inbox stays there.
        """
        ...

    async def conversation_retention(self, ref: str, seconds: int | None = None) -> Contact:
        """Delete messages with a contact here, and here alone, after so many seconds, 0 for never.

        None is what the settings say (`privacy.retention`).
        """
        ...

    async def conversation_memory(self, ref: str, wanted: bool, erase: bool = False) -> Contact:
        """Keep what is said with a contact from now on in memory only, or on disk again.

        What is in memory only is gone when the node ends or locks; what waits there is then never sent. Files
        are not exchanged meanwhile. What was said before stays where it is.

        Args:
            erase: with `wanted`: what was said before is erased.
        """
        ...

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        """Keep what is being written to a contact, "" for nothing.

        `writer` comes back with the event, so that a front end knows its own.
        """
        ...

    async def draft_list(self) -> list[Draft]:
        """What is being written, to everybody."""
        ...

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        """Remember an input to be called back; with `ref` it goes when that conversation is erased.

        Whoever calls leaves out what holds a secret.
        """
        ...

    async def input_list(self) -> list[str]:
        """The inputs that are remembered, oldest first."""
        ...

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        """Write what a person can read of all conversations, or of one, into a new directory, not encrypted.

        Args:
            path: absolute; nothing may be there but an empty directory.
            plain_page: the pages have no colours and no layout.
        """
        ...

    async def import_from(self, path: str) -> Imported:
        """Take an export from a directory, an absolute path, into this profile, in which nothing ever was."""
        ...

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        """Make an invite, good for one person and so many seconds; its text is told this once."""
        ...

    async def invite_list(self) -> list[Invite]:
        """The invites I made, oldest first."""
        ...

    async def invite_revoke(self, invite: int) -> None:
        """Withdraw an invite; who became a contact by it stays one."""
        ...

    async def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        """Queue a text message, durably. It leaves when the contact is linked.

        With `reply_to` it answers that message of the same conversation.
        """
        ...

    async def edit(self, message: int, text: str) -> Message:
        """Put another text in the place of one's own; so does the contact's node, if it has left already."""
        ...

    async def unsend(self, message: int) -> Message:
        """Take back one's own message, on both sides: it is "asked" until the contact's node has done it.

        One that has not left yet is cancelled.
        """
        ...

    async def react(self, message: int, emoji: str) -> Message:
        """Put an emoji to a message, or take it away if it is there already."""
        ...

    async def message_earlier(self, message: int) -> list[str]:
        """The texts that an edited message had before, oldest first; the newest fifty."""
        ...

    async def cancel(self, message: int) -> Message:
        """Take back a message that has not left yet."""
        ...

    async def message_get(self, message: int) -> Message:
        """One message by its id."""
        ...

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        """History, oldest first: the newest `limit`, or those just before or just after a message id.

        Over the socket an answer has at most 500, and fewer when they are long; only an empty one is the end.
        The client asks on until it has `limit`.
        """
        ...

    async def search(self, query: str, limit: int = 50, before: int | None = None) -> FoundPage:
        """The messages that fit a query, the newest first; with `before`, those before a message id.

        The words of a query must all be in the text or in the name of the file; in:, from:, kind:, has:,
        before: and after: filter (see the manual). Fewer than `limit` come when they are long; only an empty
        answer is the end. Raises UsageError where a query cannot be understood.
        """
        ...

    async def mark_read(self, ref: str, up_to: int) -> None:
        """Everything up to message id `up_to` has been seen; its author is told if the settings say so."""
        ...

    async def mark_shown(self, ref: str, first: int, last: int) -> None:
        """Messages with ids from `first` to `last` were shown, and stay unread: their timers run from now."""
        ...

    async def typing(self, ref: str, now: bool) -> None:
        """This person is writing to a contact, or has stopped; they are told if the settings say so."""
        ...

    async def present(self, here: bool, writer: str = "") -> None:
        """This person is at the interface, or has left it; contacts are told if the settings say so.

        To be said again every minute: after two and a half they have left. They are here while they are at
        any front end, each of which names itself as `writer`.
        """
        ...
