"""A bridge of the private network: in no directory, and reached by obfs4 only, through a link of its own."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from onion.errors import TorError
from onion.private.authority import make_fingerprint
from onion.private.link import Link
from onion.private.relay import Relay, RelayPlace, free_port

BRIDGE = "bridge"

_START_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_CERTIFICATE = re.compile(r"^Bridge obfs4 .* (cert=\S+ iat-mode=\d)$", re.MULTILINE)


async def start_bridge(
    binary: Path, directory: Path, network_torrc: str, latency: float
) -> tuple[Relay, str]:
    """Start a bridge in `directory`, which is made, and wait until it serves.

    Args:
        network_torrc: names the network's authorities.
        latency: of its link, in seconds.

    Returns:
        the bridge, and the line by which clients use it.

    Raises:
        TorError: obfs4's program is not installed (code "transport"), or the bridge does not come up.
    """
    directory.mkdir(mode=0o700)
    place = RelayPlace(BRIDGE, directory, free_port(), obfs4_port=free_port())
    fingerprint = await make_fingerprint(binary, directory, BRIDGE)
    link = Link(BRIDGE, latency)
    await link.open(place.obfs4_port)
    bridge = Relay(binary, place, link)
    try:
        await bridge.start(network_torrc)
        async with asyncio.timeout(_START_SECONDS):
            while not await bridge.wait_bootstrapped(1.0):
                bridge.retry_downloads()
            await bridge.registered.wait()
            options = await _options(directory)
    except BaseException as error:
        await bridge.stop()
        await link.close()
        if isinstance(error, TimeoutError):
            raise TorError("start", "The bridge of the private network does not come up.") from error
        raise
    return bridge, f"obfs4 127.0.0.1:{link.port} {fingerprint} {options}"


async def _options(directory: Path) -> str:
    """What its program wrote about the key it made: `cert=` and `iat-mode=`."""
    path = directory / "pt_state" / "obfs4_bridgeline.txt"
    while True:
        found = _CERTIFICATE.search(path.read_text()) if path.exists() else None
        if found is not None:
            return found[1]
        await asyncio.sleep(_LOOK_SECONDS)
