"""A tor that runs already, such as the system's: attached to, never started or stopped."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from onion.controlled import ControlledTor
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError

DEBIAN_CONTROL = "/run/tor/control"
_LISTENER = re.compile(r'"([^"]+)"')


class SystemTor(ControlledTor):
    """See `onion.tor.Tor`.

    Args:
        control: its control port: a UNIX socket's path, or address:port.
        socks: its SOCKS port likewise; "" asks the control port.

    Raises:
        TorError: either is no place to reach a tor.
    """

    def __init__(self, control: str = DEBIAN_CONTROL, socks: str = "") -> None:
        super().__init__()
        self._control = Endpoint.parse(control)
        self._configured_socks = Endpoint.parse(socks) if socks else None

    async def stop(self) -> None:
        # This tor lives on: it need not remember whom we had keys for.
        for address in tuple(self._client_keys):
            with contextlib.suppress(TorError):
                await self.remove_client_key(address)
        await super().stop()

    async def use_bridges(self, lines: Sequence[str]) -> None:
        raise TorError(
            "not_ours",
            "This tor runs by itself and is not ours to configure.",
            "Write its bridges into its own torrc: UseBridges, ClientTransportPlugin and Bridge.",
        )

    async def _connect(self) -> Controller:
        controller = await Controller.connect(self._control, self._on_event)
        try:
            self._socks = self._configured_socks or await _listening(controller)
        except BaseException:
            await controller.close()
            raise
        return controller

    async def _disconnect(self) -> None:
        self._socks = None


async def _listening(controller: Controller) -> Endpoint:
    listeners = _LISTENER.findall(await controller.get_info("net/listeners/socks"))
    if not listeners:
        raise TorError(
            "control",
            "This tor has no SOCKS port.",
            "Set SocksPort in its torrc, or name another SOCKS port.",
        )
    # A socket in the file system can be reached even where no network is allowed.
    return Endpoint.parse(next((place for place in listeners if place.startswith("unix:")), listeners[0]))
