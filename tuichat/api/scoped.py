"""What a client that has presented a token sees of a node: its contacts, and of all else that there is none.

The token's contacts are looked up here, among themselves: a name, an address or a number of another contact
is answered as one that nobody has, whatever the node would say. Threats and limits are in docs/api.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Protocol

import msgspec

from tuichat.api.methods import Method
from tuichat.api.node_api import NodeApi
from tuichat.api.scoped_events import ScopedEvents, told
from tuichat.errors import DeniedError, NotFoundError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import AnyEvent, Contact, ContactCounts, File, Message, OutboxCounts, Scope, Status

MOST_QUEUED: Final = 1_000
"""With so many messages waiting for a contact, no token gets another one in."""

_SHORTEST_PREFIX: Final = 6
_SENDING: Final = frozenset({"send", "edit", "unsend", "react"})
_MESSAGE: Final = "message"
_FILE: Final = "file"


class _NotSeen(NotFoundError):
    """Not there, or not for this token: nobody can tell which."""


class Admission(Protocol):
    """Who knows tokens."""

    async def admit(self, token: str) -> Scope:
        """What a token allows. Raises DeniedError if it is none, LockedError while that cannot be known."""
        ...

    def token_lives(self, token: int) -> bool:
        """Whether an admitted token is still good."""
        ...


class ServedApi(NodeApi, Admission, Protocol):
    """What a server serves."""

    def follow(self, since: int | None = None, log: str | None = None) -> AsyncIterator[AnyEvent]:
        """As `subscribe`, for the holder of a token: what the owner is told once waits for the owner."""
        ...


class ScopedApi:
    """A node, as far as a token goes.

    Args:
        api: the whole node.
        scope: what the token allows.
    """

    def __init__(self, api: ServedApi, scope: Scope) -> None:
        self._api = api
        self._scope = scope
        self._special: dict[str, Callable[..., Awaitable[Any]]] = {
            "status": self._status,
            "contact_list": self._contacts,
            "file_list": self._files,
            "file_accept": self._accept,
        }

    @property
    def lives(self) -> bool:
        """Whether the token is still good."""
        return self._api.token_lives(self._scope.token)

    def allows(self, method: str) -> bool:
        """Whether there is a method of this name on the wire for this client."""
        return method == "hello" or method in self._scope.methods

    def subscribe(self, since: int | None = None, log: str | None = None) -> AsyncIterator[Any]:
        """As `NodeApi.subscribe`, with the events that the token is told of."""
        return ScopedEvents(self._api.follow(since, log), self._scope, lambda: self.lives)

    async def call(self, method: Method, arguments: dict[str, Any]) -> Any:
        """Do what is asked within the scope. Raises TuichatError, as the node does."""
        special = self._special.get(method.attribute)
        try:
            if special is not None:
                return await special(**arguments)
            arguments = await self._within(method.attribute, arguments)
            return self._told(await getattr(self._api, method.attribute)(**arguments))
        except TuichatError as error:
            if not self._scope.everybody and not isinstance(error, _NotSeen):
                error.candidates = ()  # the node's own would name others
            raise

    async def _within(self, attribute: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments, if all that they name is within the scope."""
        found = dict(arguments)
        if isinstance(found.get("ref"), str):
            contact = await self._contact(found["ref"])
            found["ref"] = contact.address
            self._check_queue(attribute, contact)
        if _MESSAGE in found:
            message = await self._message(found[_MESSAGE])
            if attribute in _SENDING:
                self._check_queue(attribute, await self._contact_of(message.contact))
        for other in ("reply_to", "unread_from"):
            if found.get(other) is not None:
                await self._message(found[other])
        if _FILE in found:
            await self._file(found[_FILE])
        return found

    def _check_queue(self, attribute: str, contact: Contact) -> None:
        if attribute in _SENDING and contact.queued >= MOST_QUEUED:
            raise DeniedError(
                _("{count} messages wait for this contact already.").format(count=contact.queued),
                _("A token may add more once some were delivered."),
            )

    # -- who and what is there --

    async def _contacts(self) -> list[Contact]:
        if self._scope.addresses is None:
            return await self._api.contact_list()
        found: list[Contact] = []
        for address in self._scope.addresses.values():
            try:
                found.append(self._told(await self._api.contact_get(address)))
            except NotFoundError:  # removed since
                continue
        return sorted((each for each in found if self._sees(each.id)), key=lambda each: each.name)

    async def _contact(self, ref: str) -> Contact:
        if self._scope.addresses is None:
            return await self._api.contact_get(ref)
        contacts = await self._contacts()
        if ref in self._scope.addresses.values():  # whoever was removed and came back is another one
            named = [contact for contact in contacts if contact.address == ref]
        else:
            named = [contact for contact in contacts if contact.name == ref]
        prefix = ref.strip().lower().removeprefix("http://").removesuffix("/").removesuffix(".onion")
        if not named and len(prefix) >= _SHORTEST_PREFIX:
            named = [contact for contact in contacts if contact.address.startswith(prefix)]
        if len(named) != 1:
            raise _NotSeen(
                _("No contact is called that."),
                _("See the names with: tuichat contact list"),
                tuple(contact.name for contact in contacts),
            )
        return named[0]

    async def _contact_of(self, contact: int) -> Contact:
        if self._scope.addresses is not None:
            return await self._api.contact_get(self._scope.addresses[contact])
        found = next((each for each in await self._api.contact_list() if each.id == contact), None)
        if found is None:
            raise NotFoundError(_("This contact is gone."))
        return found

    async def _message(self, message: int) -> Message:
        try:
            found = await self._api.message_get(message)
        except NotFoundError:
            found = None
        if found is None or not self._sees(found.contact):
            raise _NotSeen(_("There is no message {number}.").format(number=message))
        return found

    async def _file(self, file: int) -> File:
        try:
            found = await self._api.file_get(file)
        except NotFoundError:
            found = None
        if found is None or not self._sees(found.contact):
            raise _NotSeen(_("There is no file {number}.").format(number=file))
        return found

    def _sees(self, contact: int) -> bool:
        return self._scope.addresses is None or contact in self._scope.addresses

    def _told(self, result: Any) -> Any:
        """A result without what it says of others, and without paths that are not for the bot."""
        return (
            [told(each, self._scope) for each in result]
            if isinstance(result, list)
            else told(result, self._scope)
        )

    # -- methods that are about everybody --

    async def _status(self) -> Status:
        status: Status = told(await self._api.status(), self._scope)
        if self._scope.everybody or status.locked:
            return status
        contacts = await self._contacts()
        accepted = [contact for contact in contacts if contact.state == "accepted"]
        online = sum(contact.online for contact in accepted)
        return msgspec.structs.replace(
            status,
            contacts=ContactCounts(accepted=len(accepted), online=online),
            outbox=OutboxCounts(queued=sum(contact.queued for contact in contacts)),
            transfers=0,
            in_memory=0,
        )

    async def _files(self, ref: str | None = None, limit: int = 500, before: int | None = None) -> list[File]:
        if ref is not None or self._scope.addresses is None:
            address = None if ref is None else (await self._contact(ref)).address
            found = await self._api.file_list(address, limit, before)
        else:
            found = []
            for contact in await self._contacts():
                found += await self._api.file_list(contact.address, limit, before)
        return [told(file, self._scope) for file in sorted(found, key=lambda file: file.id)[-limit:]]

    async def _accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        if to:
            raise UsageError(
                _("A token fetches files into the inbox alone."), _("Leave out where they are to go.")
            )
        await self._file(file)
        accepted = await self._api.file_accept(file, "", whole_group=whole_group, newest=newest)
        return [told(each, self._scope) for each in accepted]
