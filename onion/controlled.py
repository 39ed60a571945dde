"""What every tor with a control port has in common: attach, watch, attach again when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp

from onion import socks
from onion.address import OnionAddress
from onion.binary import check_version
from onion.bridge_news import BRIDGES_WATCHED, BridgeNews
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import DialError, TorError
from onion.events import WATCHED, Event, dial_stage, status_after
from onion.isolation import check_token
from onion.keys import ClientKey
from onion.sentence import NOTHING, Sentence, reason_of
from onion.service import ControlledService
from onion.status import StatusBoard, Watchers
from onion.tor import DialStage, Problem, ServiceOptions, TorStatus, Unsubscribe

_LOOK_SECONDS = 10.0
_LOOKS_A_HEARTBEAT = 3
_ANSWER_SECONDS = 20.0
# What tor has put off to a time, such as its next try for a consensus, waits until the clock says so. Where
# the clock was set back by more than this, a new tor does not wait so much longer.
_SET_BACK_SECONDS = 600.0
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0
# A tor that lived this long, or reached the network, did not die of its configuration: start again soon.
_HEALTHY_SECONDS = 120.0
_log = logging.getLogger("onion.controlled")
_PROBLEMS: dict[str, Problem] = {
    "missing": "missing",
    "not_tor": "missing",
    "too_old": "too_old",
    "start": "died",
}


class ControlledTor(ABC):
    """See `onion.tor.Tor`. Subclasses say how to reach the control port, and what a loss of it means."""

    _loss: Problem = "control"
    _is_ours = False
    """Whether the tor ends when its control connection is given up, and is started by `_connect`."""

    def __init__(self) -> None:
        self._board = StatusBoard()
        self._bridges = BridgeNews()
        self._anew = False
        self._stages: Watchers[DialStage] = Watchers()
        self._services: list[ControlledService] = []
        self._client_keys: dict[OnionAddress, ClientKey] = {}
        self._fetches: dict[OnionAddress, list[asyncio.Future[bool]]] = {}
        self._controller: Controller | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._socks: Endpoint | None = None
        self._wait = _FIRST_WAIT
        """Seconds before tor is attached anew: longer each time while that does not help."""
        self.changing = asyncio.Lock()
        """Held while a service is added or ended: the end of one must not follow the next of its address."""

    @property
    def uses_bridges(self) -> bool:
        """Whether this tor gets to the network by bridges that were given to it here."""
        return False

    @abstractmethod
    async def _connect(self) -> Controller:
        """An authenticated connection, and `self._socks` set."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """End what `_connect` began; never raises."""

    def _last_words(self) -> Sentence:
        """After `_disconnect`: how the lost tor ended and what it said last, "" if that cannot be known."""
        return NOTHING

    @property
    def status(self) -> TorStatus:
        return self._board.status

    async def start(self) -> None:
        if self._supervisor is not None:
            return
        try:
            await self._attach()
        except BaseException as error:
            await self._detach()
            if isinstance(error, TorError):
                problem = _PROBLEMS.get(error.code, "control")
                self._board.show(replace(self.status, problem=problem, detail=error.message))
            raise
        self._supervisor = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        await self._detach()
        self._services.clear()
        self._board.show(TorStatus(version=self.status.version))

    def watch(self, callback: Callable[[TorStatus], None]) -> Unsubscribe:
        return self._board.watch(callback)

    def watch_stages(self, callback: Callable[[DialStage], None]) -> Unsubscribe:
        return self._stages.add(callback)

    async def wait_ready(self, timeout: float) -> None:
        await self._board.wait_ready(timeout)

    async def publish(
        self, seed: bytes, target: Path, *, port: int = 80, options: ServiceOptions | None = None
    ) -> ControlledService:
        if self._supervisor is None:
            raise TorError("closed", "Tor is not running.")
        service = ControlledService(self, seed, target, port, options or ServiceOptions())
        self._services.append(service)
        try:
            await self.put_up(service)
        except TorError as error:
            if error.code != "control":
                self.forget(service)
                raise
            # Lost just now: it is added as soon as tor is back.
        except BaseException:
            self.forget(service)
            raise
        return service

    async def add_client_key(self, address: OnionAddress, private_key: bytes) -> None:
        key = ClientKey.from_private(private_key)
        if self._client_keys.get(address) == key:
            return
        if self._controller is None:
            raise TorError("control", "Tor is not running.")
        await _authorize(self._controller, address, key)
        self._client_keys[address] = key

    async def remove_client_key(self, address: OnionAddress) -> None:
        if self._client_keys.pop(address, None) is not None and self._controller is not None:
            await self._controller.call(f"ONION_CLIENT_AUTH_REMOVE {address}")

    async def refresh_descriptor(self, address: OnionAddress, timeout: float) -> bool:
        if self._controller is None:
            return False
        arrived: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = self._fetches.setdefault(address, [])
        waiting.append(arrived)
        try:
            async with asyncio.timeout(timeout):
                await self._controller.call(f"HSFETCH {address}")
                return await arrived
        except (TimeoutError, TorError):
            return False
        finally:
            waiting.remove(arrived)
            if not waiting:
                self._fetches.pop(address, None)

    def connector(self, token: str) -> aiohttp.BaseConnector:
        return socks.SocksConnector(self._socks_endpoint, token)

    async def open_stream(self, host: str, port: int, token: str, timeout: float) -> socks.Stream:
        return await socks.open_stream(self._socks_endpoint(), host, port, token, timeout)

    async def close_circuits(self, token: str) -> None:
        check_token(token)
        await self._close_circuits(lambda circuit: circuit.get("SOCKS_USERNAME") == token)

    async def cut(self, service: ControlledService) -> None:
        """Close the circuits on which others came to a service."""
        came = {"PURPOSE": "HS_SERVICE_REND", "REND_QUERY": str(service.address)}
        await self._close_circuits(lambda circuit: came.items() <= circuit.items())

    async def introduces(self, service: ControlledService) -> bool:
        """Whether a service has introduction points, or is about to; True if that cannot be asked."""
        leads_there = {"PURPOSE": "HS_SERVICE_INTRO", "REND_QUERY": str(service.address)}
        circuits = await self._circuits()
        return circuits is None or any(leads_there.items() <= each.fields.items() for each in circuits)

    async def has_circuits(self) -> bool:
        return any(circuit.word(1) == "BUILT" for circuit in await self._circuits() or ())

    async def _circuits(self) -> list[Event] | None:
        """Those that tor has or builds; None if that cannot be asked."""
        if self._controller is None:
            return None
        try:
            lines = (await self._controller.get_info("circuit-status")).splitlines()
        except TorError:
            return None
        return [Event.parse(line) for line in lines]

    async def _close_circuits(self, chosen: Callable[[Mapping[str, str]], bool]) -> None:
        controller = self._controller
        if controller is None:
            return
        for line in (await controller.get_info("circuit-status")).splitlines():
            circuit = Event.parse(line)
            if chosen(circuit.fields):
                # It may have closed by itself since.
                with contextlib.suppress(TorError):
                    await controller.call(f"CLOSECIRCUIT {circuit.word(0)}")

    async def _begin_anew(self) -> None:
        """End this tor; the supervisor starts the next one at once, as it is configured now."""
        controller = self._controller
        if controller is not None:
            self._anew = True
            await controller.close()

    async def _watch_events(self, controller: Controller) -> None:
        watched = f"{WATCHED} {BRIDGES_WATCHED}" if self.uses_bridges else WATCHED
        await controller.call(f"SETEVENTS {watched}")

    async def put_up(self, service: ControlledService) -> None:
        """Have tor take a service, now or when it is back."""
        if self._controller is not None:
            await service.add(self._controller)

    async def take_down(self, service: ControlledService) -> None:
        """Have tor end a service, if tor is there."""
        if self._controller is not None:
            await service.delete(self._controller)

    def forget(self, service: ControlledService) -> None:
        """Do not put this service up again."""
        if service in self._services:
            self._services.remove(service)

    async def _attach(self) -> None:
        controller = self._controller = await self._connected()
        version = (await controller.get_info("version")).split(" ")[0]
        check_version(version)
        self._board.show(TorStatus(version=version, alive=True))
        self._bridges = BridgeNews()
        await self._watch_events(controller)
        phase = await controller.get_info("status/bootstrap-phase")
        self._on_event(Event.parse(f"STATUS_CLIENT {phase}"))
        for address, key in tuple(self._client_keys.items()):
            await self._authorize_again(controller, address, key)
        for service in self._services:
            await service.add(controller)

    async def _connected(self) -> Controller:
        """As `_connect`; what the system refuses on the way is a TorError like any other, and tried again."""
        try:
            return await self._connect()
        except OSError as error:
            raise TorError(
                "system",
                "tor could not be started or asked: {reason}.",
                "Check that the disk is not full and that the files of the profile belong to you.",
                reason=reason_of(error),
            ) from error

    async def _authorize_again(self, controller: Controller, address: OnionAddress, key: ClientKey) -> None:
        """Give tor a key that it had before; forget one that it refuses now, which must not keep tor away."""
        try:
            await _authorize(controller, address, key)
        except TorError as error:
            if error.code != "refused":
                raise
            self._client_keys.pop(address, None)

    async def _detach(self) -> None:
        controller, self._controller = self._controller, None
        for service in self._services:
            service.lost()
        if controller is not None:
            await controller.close()
        await self._disconnect()

    async def _supervise(self) -> None:
        """Keep tor attached for ever; after what nobody foresaw, too: tor is given up and taken anew."""
        while True:
            try:
                if self._controller is not None:
                    await self._until_lost()
                while self._controller is None:
                    await asyncio.sleep(self._wait * random.uniform(0.8, 1.2))  # noqa: S311
                    self._wait = min(self._wait * 2, _LONGEST_WAIT)
                    await self._try_again()
            except Exception as error:  # noqa: BLE001 whatever it is, a node without tor would be the end of it
                _log.error("keeping tor attached failed: %s at %s", type(error).__name__, _place_of(error))
                await self._give_up()

    async def _until_lost(self) -> None:
        """Return when the tor that is attached is lost, and detached."""
        since = time.monotonic()
        problem = await self._until_given_up()
        if self.status.ready or time.monotonic() - since > _HEALTHY_SECONDS:
            self._wait = _FIRST_WAIT
        lost = TorStatus(version=self.status.version, problem=problem)
        self._board.show(lost)
        await self._detach()
        if problem:
            self._board.show(replace(lost, detail=self._last_words()))

    async def _give_up(self) -> None:
        """Detach, whatever else goes wrong: two tors at once would be worse than none."""
        try:
            await self._detach()
            self._board.show(TorStatus(version=self.status.version, problem=self._loss))
        except Exception as error:  # noqa: BLE001 see `_supervise`
            _log.error("detaching tor failed: %s at %s", type(error).__name__, _place_of(error))
            await self._disconnect()

    async def _try_again(self) -> None:
        try:
            await self._attach()
        except TorError as error:
            await self._detach()
            problem = _PROBLEMS.get(error.code, self._loss)
            self._board.show(TorStatus(problem=problem, detail=error.message))

    async def _until_given_up(self) -> Problem:
        """Return when the control connection is closed, tor does not answer, or the clock was set back.

        Returns:
            what is wrong; "" if it is given up for the clock's sake, or to begin anew.
        """
        self._anew = False
        controller, looks, ahead = self._controller, 0, self._clock()
        while controller is not None and not controller.closed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await controller.closed.wait()
            ahead = max(ahead, self._clock())
            if self._is_ours and self._clock() <= ahead - _SET_BACK_SECONDS:
                return ""
            looks += 1
            if looks % _LOOKS_A_HEARTBEAT == 0 and not await _answers(controller):
                break
        return "" if self._anew else self._loss

    def _clock(self) -> float:
        """The wall clock, beside one that nobody sets."""
        return time.time() - time.monotonic()

    def _on_event(self, event: Event) -> None:
        status = status_after(self.status, event)
        self._board.show(self._bridges.after(status, event) if self.uses_bridges else status)
        if (stage := dial_stage(event)) is not None:
            self._stages.tell(stage)
        if event.word(0) == "HS_DESC":
            self._on_descriptor(event)

    def _on_descriptor(self, event: Event) -> None:
        for service in self._services:
            if event.word(2) == str(service.address):
                service.on_descriptor(event)
        if event.word(1) in ("RECEIVED", "FAILED"):
            for address, waiting in self._fetches.items():
                for arrived in waiting:
                    if event.word(2) == str(address) and not arrived.done():
                        arrived.set_result(event.word(1) == "RECEIVED")

    def _socks_endpoint(self) -> Endpoint:
        if self._socks is None:
            raise DialError("socks", "Tor is not running.")
        return self._socks


async def _authorize(controller: Controller, address: OnionAddress, key: ClientKey) -> None:
    await controller.call(f"ONION_CLIENT_AUTH_ADD {address} {key.private_control}")


async def _answers(controller: Controller) -> bool:
    try:
        await controller.get_info("version", _ANSWER_SECONDS)
    except TorError:
        return False
    return True


def _place_of(error: BaseException) -> str:
    """Where an error was raised, without any of its values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else ""
