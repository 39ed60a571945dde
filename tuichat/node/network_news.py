"""What happens to the network, told to whoever listens; links are looked at when it comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from tuichat.model import ServiceEvent, TorEvent, TorState, from_milliseconds
from tuichat.network.transport import NetworkState
from tuichat.node.events import EventHub
from tuichat.node.weaknesses import Weaknesses

_log: Final = logging.getLogger("tuichat.node")


class NetworkNews:
    """Compares each state of the network with the one before.

    Args:
        state: the present one.
        came_back: called when circuits can be built again, or when others can reach us again.
    """

    def __init__(
        self, hub: EventHub, weaknesses: Weaknesses, state: NetworkState, came_back: Callable[[], None]
    ) -> None:
        self._hub = hub
        self._weaknesses = weaknesses
        self._state = state
        self._came_back = came_back

    def heard(self, state: NetworkState) -> None:
        """The state is now this."""
        before, self._state = self._state, state
        at = from_milliseconds(self._hub.now())
        if state.tor != before.tor:
            self._hub.tell(TorEvent(at=at, tor=state.tor))
            _log.info("tor is at %d%%%s", state.tor.bootstrap, state.tor.problem and f": {state.tor.problem}")
        if state.service != before.service:
            self._hub.tell(ServiceEvent(at=at, service=state.service))
            _log.info("the service: %s", state.service.stage)
        if state.weaknesses:
            self._weaknesses.heard(state.tor.version, state.weaknesses)
        if (_usable(state.tor), state.service.reachable) > (_usable(before.tor), before.service.reachable):
            self._came_back()


def _usable(tor: TorState) -> bool:
    """Whether circuits can be built, as far as tor knows."""
    return tor.running and tor.bootstrap == 100 and not tor.problem
