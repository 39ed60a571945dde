"""Reads a system-call trace of a test run and names every connection that left this machine.

    python -m tests.support.trace FILE

FILE is what `strace -f -e trace=connect,bind -o FILE` wrote. It sees what the Python guard cannot: tor and
other programs. Allowed are UNIX sockets, kernel sockets (netlink) and loopback addresses; port 53 is refused
even there, as the resolver behind it asks the network. Exit code 1 if anything else was found.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_CALL = re.compile(r"\b(?P<call>connect|bind)\(.*?sa_family=(?P<family>AF_\w+)(?P<rest>.*)")
_ADDRESS = re.compile(r'inet_addr\("(?P<four>[^"]+)"\)|inet_pton\(AF_INET6, "(?P<six>[^"]+)"')
_PORT = re.compile(r"port=htons\((\d+)\)")
_LOCAL_FAMILIES = frozenset({"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"})


def departures(lines: Iterable[str]) -> Iterator[str]:
    """The calls among `lines` that reach, or listen to, anything but this machine."""
    for line in lines:
        found = _CALL.search(line)
        if found and found["family"] not in _LOCAL_FAMILIES and not _stays(found["call"], found["rest"]):
            yield line.strip()


def _stays(call: str, rest: str) -> bool:
    address, port = _ADDRESS.search(rest), _PORT.search(rest)
    if address is None or port is None or (call == "connect" and port[1] == "53"):
        return False
    return ipaddress.ip_address(address["four"] or address["six"]).is_loopback


def main(path: str) -> int:
    """Print every departure found in the trace at `path`, each once."""
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        found = sorted({re.sub(r"^\d+\s+", "", line) for line in departures(file)})
    for line in found:
        print(f"left this machine: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
