"""A service on a tor with a control port: what tor is told, and that a removed one does not come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from onion.address import OnionAddress
from onion.controlled import ControlledTor
from onion.controller import Controller
from onion.errors import TorError
from onion.keys import ClientKey, public_key
from onion.service import ControlledService
from onion.tor import ServiceOptions
from tests.support.raw_callers import PATIENCE

SEED = bytes(range(32))
ADDRESS = str(OnionAddress.from_public_key(public_key(SEED)))
TARGET = Path("/run/onion.sock")
KEYS = [ClientKey.from_private(name * 32).public for name in (b"a", b"b")]
CIRCUITS = f"""7 BUILT $AA~a PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_JOINED REND_QUERY={ADDRESS}
8 BUILT $AA~a PURPOSE=HS_SERVICE_INTRO HS_STATE=HSSI_ESTABLISHED REND_QUERY={ADDRESS}
9 BUILT $AA~a PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_JOINED REND_QUERY={"b" * 56}
10 BUILT $AA~a PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_JOINED REND_QUERY={ADDRESS} SOCKS_USERNAME="t"
11 EXTENDED $AA~a PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_CONNECTING REND_QUERY={ADDRESS}"""


class Tor(ControlledTor):
    """Its tor knows one service at most.

    Attributes:
        present: the command by which the service was added, "" if there is none.
        commands: all it was told.
        waits: before it does what begins with this word, it waits for `go_on`, once.
        knows_pow: whether it was built with the proof of work.
    """

    def __init__(self) -> None:
        super().__init__()
        self.present = ""
        self.commands: list[str] = []
        self.closed = asyncio.Event()
        self.waits = ""
        self.waiting, self.go_on = asyncio.Event(), asyncio.Event()
        self.knows_pow = True

    async def _connect(self) -> Controller:
        return cast(Controller, self)

    async def _disconnect(self) -> None:
        pass

    async def get_info(self, key: str) -> str:
        known = {"version": "0.4.9.11", "circuit-status": CIRCUITS}
        return known.get(key, "NOTICE BOOTSTRAP PROGRESS=100 TAG=done")

    async def call(self, command: str) -> list[str]:
        word = command.partition(" ")[0]
        if word == self.waits:
            self.waits = ""
            self.waiting.set()
            await self.go_on.wait()
        await asyncio.sleep(0)
        self.commands.append(command)
        if word == "ADD_ONION":
            self._add(command)
        elif word == "DEL_ONION":
            self._delete()
        return ["OK"]

    async def close(self) -> None:
        self.closed.set()

    def _add(self, command: str) -> None:
        if self.present:
            raise TorError("refused", "Tor refused: {reason}", reason="Onion address collision")
        if "PoWDefensesEnabled" in command and not self.knows_pow:
            raise TorError("refused", "Tor refused: {reason}", reason="PoW is not available")
        self.present = command

    def _delete(self) -> None:
        if not self.present:
            raise TorError("refused", "Tor refused: {reason}", reason="Unknown Onion Service id")
        self.present = ""

    def told(self, word: str) -> list[str]:
        return [command.partition(" ")[2] for command in self.commands if command.startswith(word)]


@pytest.fixture
async def tor() -> Tor:
    tor = Tor()
    await tor.start()
    return tor


async def published(tor: Tor, options: ServiceOptions | None = None) -> ControlledService:
    return await tor.publish(SEED, TARGET, options=options)


async def test_streams_are_limited_and_a_circuit_that_opens_more_is_closed(tor: Tor) -> None:
    await published(tor, ServiceOptions(max_streams=16))
    flags, *words = tor.present.split(" ")[2:]
    assert flags == "Flags=DiscardPK,MaxStreamsCloseCircuit"
    assert words == [f"Port=80,unix:{TARGET}", "MaxStreams=16"]
    await tor.stop()


async def test_service_without_limits_says_none(tor: Tor) -> None:
    await published(tor)
    assert tor.present.split(" ")[2:] == ["Flags=DiscardPK", f"Port=80,unix:{TARGET}"]
    await tor.stop()


@pytest.mark.parametrize("keys", [[], KEYS], ids=["nobody", "two"])
async def test_service_for_some_or_for_nobody_admits_its_own_probe_beside_them(
    tor: Tor, keys: list[bytes]
) -> None:
    await published(tor, ServiceOptions(client_keys=keys))
    assert "V3Auth" in tor.present
    assert tor.present.count("ClientAuthV3=") == len(keys) + 1
    await tor.stop()


async def test_service_for_everybody_asks_for_no_key(tor: Tor) -> None:
    await published(tor, ServiceOptions(client_keys=None))
    assert "V3Auth" not in tor.present
    await tor.stop()


async def test_tor_without_proof_of_work_has_a_service_without(tor: Tor) -> None:
    tor.knows_pow = False
    await published(tor, ServiceOptions(pow_defence=True))
    assert tor.present
    assert "PoW" not in tor.present
    await tor.stop()


async def test_one_that_tor_still_has_makes_way_and_the_defence_stays(tor: Tor) -> None:
    tor.present = "an old one"
    await published(tor, ServiceOptions(pow_defence=True))
    assert "PoWDefensesEnabled=1" in tor.present
    await tor.stop()


@pytest.mark.parametrize("word", ["DEL_ONION", "ADD_ONION", "ONION_CLIENT_AUTH_ADD"])
async def test_service_removed_while_it_is_published_anew_is_gone(tor: Tor, word: str) -> None:
    service = await published(tor, ServiceOptions(client_keys=KEYS))
    tor._client_keys.clear()  # so that the probe's is given again
    tor.waits = word
    await _remove_during(tor, service, asyncio.ensure_future(service.republish()))
    assert tor.present == ""


async def test_service_removed_while_a_new_tor_is_told_of_it_is_gone(tor: Tor) -> None:
    service = await published(tor)
    tor.waits, tor.present = "ADD_ONION", ""
    await _remove_during(tor, service, asyncio.ensure_future(tor._attach()))
    assert tor.present == ""


async def test_next_service_of_an_address_outlives_the_end_of_the_one_before(tor: Tor) -> None:
    service = await published(tor)
    tor.waits, tor.present = "ADD_ONION", ""
    attaching = asyncio.ensure_future(tor._attach())
    await tor.waiting.wait()
    removing = asyncio.ensure_future(service.remove())
    publishing = asyncio.ensure_future(published(tor, ServiceOptions(max_streams=3)))
    tor.go_on.set()
    await asyncio.gather(attaching, removing, publishing)
    assert "MaxStreams=3" in tor.present
    await tor.stop()


async def _remove_during(tor: Tor, service: ControlledService, step: asyncio.Future[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        await tor.waiting.wait()
        removing = asyncio.ensure_future(service.remove())
        for _ in range(5):
            await asyncio.sleep(0)
        tor.go_on.set()
        await asyncio.gather(step, removing)
    await tor.stop()


async def test_who_waits_for_a_service_that_is_removed_waits_no_longer(tor: Tor) -> None:
    service = await published(tor)
    waiting = asyncio.ensure_future(service.wait_published(10 * PATIENCE))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await service.remove()
        for wait in (waiting, service.wait_published(10 * PATIENCE)):
            with pytest.raises(TorError) as caught:
                await wait
            assert caught.value.code == "not_published"
    assert not service.published
    await tor.stop()


async def test_cutting_closes_the_circuits_by_which_others_came_and_no_others(tor: Tor) -> None:
    service = await published(tor)
    await service.cut()
    assert tor.told("CLOSECIRCUIT") == ["7", "11"]
    await tor.stop()
