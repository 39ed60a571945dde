"""What `tuichat demo` shows: a private Tor network, two people on it who are contacts, one of them a program.

Nothing of it is real but the way it works: two nodes in processes of their own, two onion services, and real
tor between them. All of it lies in one temporary directory, and ends with the `async with`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self

from onion.errors import OnionError
from onion.private_network import NetworkOptions, PrivateNetwork, Step
from tuichat.api.client import AsyncClient
from tuichat.bootstrap.demo_profile import DemoProfile
from tuichat.bootstrap.echo_person import EchoPerson
from tuichat.clock import SystemRng
from tuichat.errors import UnreachableError
from tuichat.i18n import _, translated
from tuichat.model import Contact

YOU = "you"
ROBIN = "robin"

LATENCY_MS = 15.0
"""Added by every link between relays, so that it feels like a network."""

MEETING_SECONDS = 150.0
"""How long two people may take to become contacts once the network is up; a slow machine needs a minute."""

GIFT_BYTES = 1 << 20
"""What robin offers: enough to see it come."""

_CLEARING_ATTEMPTS = 20
_CLEARING_PAUSE = 0.1


class Demo:
    """Use it with `async with`, and call `build` inside.

    Attributes:
        network: the private network, once it is up.
        you: the profile that the interface opens.
        robin: the other person's.

    Args:
        tell: given a sentence about each part as it begins.
    """

    network: PrivateNetwork
    you: DemoProfile
    robin: DemoProfile

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="tuichat-demo-"))
        self._stack.push_async_callback(_clear, self._directory)
        self.you = DemoProfile(self._directory / YOU, YOU)
        self.robin = DemoProfile(self._directory / ROBIN, ROBIN)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._stack.aclose()

    async def build(self) -> None:
        """Bring everything up, until a first message of the other person has come.

        It may be cancelled; leaving the `async with` clears up what there is by then.

        Raises:
            UnreachableError: tor is missing, or something does not come up.
        """
        await self._bring_up_network()
        for profile in (self.you, self.robin):
            self._stack.push_async_callback(profile.end)
        try:
            async with asyncio.timeout(MEETING_SECONDS):
                await self._bring_up_people()
        except TimeoutError:
            raise UnreachableError(
                _("The two people of the demo do not reach each other."),
                _("This computer may be very busy; try again."),
            ) from None

    async def _bring_up_network(self) -> None:
        options = NetworkOptions(
            latency_ms=LATENCY_MS, directory=self._directory, progress=self._tell_network_step
        )
        try:
            self.network = await self._stack.enter_async_context(PrivateNetwork(options))
        except OnionError as error:
            raise UnreachableError(translated(error.message), translated(error.hint)) from error

    def _tell_network_step(self, step: Step) -> None:
        if step is not Step.READY:
            self._tell(translated(step.value))

    async def _bring_up_people(self) -> None:
        self._tell(_("Starting two nodes, yours and robin's"))
        address = self.you.create(self.network.torrc)
        robins_address = self.robin.create(self.network.torrc)
        yours, robins = await self._attached(self.you), await self._attached(self.robin)
        self._tell(_("Publishing two onion services"))
        await asyncio.gather(_published(yours), _published(robins))
        await self._introduce((yours, address), (robins, robins_address))
        self._tell(_("robin says hello"))
        gift = self._directory / "noise.bin"
        gift.write_bytes(SystemRng().bytes(GIFT_BYTES))
        answering = asyncio.create_task(EchoPerson(self.robin.attach, YOU, ROBIN, gift).run())
        self._stack.push_async_callback(_cancelled, answering)
        async for people in _changes(yours):
            if people[ROBIN].unread:
                return

    async def _introduce(self, yours: tuple[AsyncClient, str], robins: tuple[AsyncClient, str]) -> None:
        """Make them contacts, each by the name that the other is to see."""
        (you, address), (robin, robins_address) = yours, robins
        self._tell(_("robin asks to be your contact"))
        await robin.contact_add(address, YOU, _("Hello, it is robin. May I write to you?"))
        async for people in _changes(you):
            if any(person.address == robins_address for person in people.values()):
                break
        self._tell(_("You accept"))
        asking = await you.contact_accept(robins_address)
        await you.contact_rename(asking.address, ROBIN)
        async for people in _changes(robin):
            if people[YOU].state == "accepted":
                return

    async def _attached(self, profile: DemoProfile) -> AsyncClient:
        """A client that stays until the end, so that the node does too."""
        return await self._stack.enter_async_context(await profile.attach())


async def _changes(node: AsyncClient) -> AsyncIterator[dict[str, Contact]]:
    """A node's contacts by name, now and whenever something has happened there."""
    events = node.subscribe()
    yield {person.name: person for person in await node.contact_list()}
    async for _event in events:
        yield {person.name: person for person in await node.contact_list()}
    raise UnreachableError(_("A node of the demo has ended."), _("Try again."))


async def _published(node: AsyncClient) -> None:
    """Wait until others can find this node's onion service."""
    async for _people in _changes(node):
        if (await node.status()).service.published:
            return


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _clear(directory: Path) -> None:
    """Remove the directory; a process that had to be killed may have children who still write there."""
    for _attempt in range(_CLEARING_ATTEMPTS):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        await asyncio.sleep(_CLEARING_PAUSE)
