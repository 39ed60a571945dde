"""From consent to a whole file, beside raw downloads over the same network, and OnionShare.

Claims, with 25 ms on each link of the Tor network, connecting included, medians:
  - where the circuits were opened when the offer of a verified contact was shown: at least 3 times as fast as
    OnionShare at 16 MiB, 3.5 times from 64 MiB on; as fast as 0.95 of the best raw download that splits the
    file beforehand over as many circuits; at 1 MiB no slower than a raw download over one circuit;
  - from a cold start at least 2.2 times as fast as OnionShare, a second file at least 4 times;
  - sealing and checking at least 150 MB a second on one core;
  - a message's way from `send` to "delivered" takes at most 1.5 times as long while a file comes;
  - offering a file of any size (`--huge`, sparse) and giving it costs the sender's node at most 64 MB.

Ours is the whole way: chunks are sealed again from disk, checked, written and safe on disk. OnionShare 2.7's
command line takes part if it is installed (`--onionshare PATH`); it sends over its own service, fetched over
one circuit. All sides take turns in each round.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import options, report
from benchmarks.impatient_node import IDLE_SECONDS
from benchmarks.onionshare import OnionShare, onionshare
from benchmarks.processes import resident_mb
from benchmarks.raw_files import RawFiles, raw_files
from benchmarks.tor_pair import FIRST, SECOND, People, people, private_network
from tuichat.clock import SystemRng
from tuichat.crypto.file_chunks import ChunkCipher, Layout
from tuichat.crypto.kdf import blake2b_256
from tuichat.model import File

LATENCY_MS = 25.0
MIB = 1 << 20
ROUNDS = {1: 5, 16: 5, 64: 3, 256: 1}
"""So many rounds of files of so many MiB."""

READY, COLD, AGAIN = "ready", "cold", "again"
_SHOWN = {
    READY: "tuichat, circuits ready when accepted",
    COLD: "tuichat, from a cold start",
    AGAIN: "tuichat, a second file",
}
AT_MOST_SLOWER = 1.5
MESSAGES = 20
MEANWHILE_MIB = 256
GIVING_TICKS = 100
_PREPARE_SECONDS = 12.0
_COLD_SECONDS = IDLE_SECONDS + 2
"""After that circuits that nobody used are closed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.files", __doc__, rounds=5)
    made.set_defaults(rounds=0)  # by size
    made.add_argument(
        "--sizes", type=options.at_least_one, nargs="+", default=[1, 16, 64], metavar="MIB", help="of files"
    )
    made.add_argument("--latency", type=float, default=LATENCY_MS, metavar="MS", help="added per link")
    made.add_argument(
        "--huge", type=options.at_least_one, default=10, metavar="GIB", help="of the file for the memory"
    )
    made.add_argument("--onionshare", metavar="PATH", help="its command onionshare-cli, to measure it too")
    chosen = options.parse(made, arguments)
    _sealing()
    return asyncio.run(_measure(chosen))


def _sealing() -> None:
    layout = Layout(64 * MIB)
    cipher = ChunkCipher(bytes(32), bytes(16), layout)
    plaintext = bytes(layout.chunk)
    began = time.process_time()
    for index in range(layout.chunks):
        sealed = cipher.seal(index, plaintext)
        cipher.open(index, sealed, blake2b_256(sealed))
    took = time.process_time() - began
    report.heading("Sealing, naming, checking and opening 64 MiB on one core")
    report.limit(report.Series("computed", [took]), at_most=64 * MIB / 150e6)


async def _measure(chosen: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="tcb") as name:
        directory = Path(name)
        given = directory / "given"
        given.mkdir()
        async with (
            private_network(chosen.latency, directory) as torrc,
            raw_files(directory, torrc, given) as raw,
            onionshare(directory, torrc, chosen.onionshare) as shared,
            people(directory, torrc, "benchmarks.impatient_node") as both,
        ):
            await _verify(both)
            for size in chosen.sizes:
                rounds = chosen.rounds or ROUNDS.get(size, 1)
                found = await _size(both, raw, shared, given, size, rounds)
                _print(size, rounds, chosen.latency, found)
            await _chat(both, given, chosen.latency)
            await _memory(both, given, chosen.huge)
    return 0


async def _chat(both: People, given: Path, latency: float) -> None:
    """Messages from the receiver while nothing else happens, and while a file comes."""
    idle = [await _message(both) for _ in range(MESSAGES)]
    path = given / "meanwhile"
    await asyncio.to_thread(_fill, path, MEANWHILE_MIB)
    both.first.forget()
    await both.second.client.file_send(FIRST, [str(path)])
    offer = await both.first.file_is(_is_offer)
    await both.first.client.file_accept(offer.id)
    await both.first.file_is(lambda file: file.id == offer.id and file.bytes_done > 0)
    busy = [await _message(both) for _ in range(MESSAGES)]
    if (await both.first.client.file_get(offer.id)).state == "complete":
        raise RuntimeError("the file came faster than the messages: take a larger one")
    await both.first.client.file_cancel(offer.id)
    report.heading(f"Send to delivered while a file comes, {latency:g} ms a link")
    report.compare(
        report.Series("while a file comes", busy), report.Series("at rest", idle), at_most=AT_MOST_SLOWER
    )


async def _message(both: People) -> float:
    began = time.perf_counter()
    message = await both.first.client.send(SECOND, "are you still there?")
    return await both.first.delivered(message) - began


async def _memory(both: People, given: Path, gib: int) -> None:
    """The sender's node before, while and after it reads and gives a large file."""
    path = given / "huge"
    with path.open("wb") as file:
        file.truncate(gib << 30)
    pid = both.second.home.node_pid
    before, most = resident_mb(pid), 0.0
    both.first.forget()
    sending = asyncio.ensure_future(both.second.client.file_send(FIRST, [str(path)]))
    while not sending.done():
        most = max(most, resident_mb(pid))
        await asyncio.wait({sending}, timeout=0.2)
    offer = await both.first.file_is(_is_offer)
    await both.first.client.file_accept(offer.id)
    for _ in range(GIVING_TICKS):
        most = max(most, resident_mb(pid))
        await asyncio.sleep(0.2)
    done = (await both.first.client.file_get(offer.id)).bytes_done
    await both.first.client.file_cancel(offer.id)
    report.heading(
        f"Memory of the sender's node with a file of {gib} GiB, of which {done >> 20} MiB were given"
    )
    report.difference(
        report.Series("the most", [most], "MB"), report.Series("before", [before], "MB"), at_most=64.0
    )


def _is_offer(file: File) -> bool:
    return file.direction == "in" and file.state == "offered"


async def _verify(both: People) -> None:
    number = await both.first.client.contact_verify(SECOND)
    await both.first.client.contact_verify(SECOND, number.digits)


async def _size(
    both: People, raw: RawFiles, shared: OnionShare | None, given: Path, size: int, rounds: int
) -> dict[str, list[float]]:
    """All sides in turn with files of `size` MiB."""
    found: dict[str, list[float]] = {}

    def note(side: str, seconds: float) -> None:
        found.setdefault(side, []).append(seconds)

    for number in range(rounds):
        path = given / f"{size}-{number}"
        await asyncio.to_thread(_fill, path, size)
        used = time.perf_counter()
        for circuits in (1, 8):
            note(f"raw, {circuits} circuits", await raw.fetch(path.name, size * MIB, circuits))
        await _until_cold(used)
        note(COLD, await _ours(both, path, prepared=False))
        note(AGAIN, await _ours(both, path, prepared=False))
        used = time.perf_counter()
        note("raw, 12 circuits", await raw.fetch(path.name, size * MIB, 12))
        if shared is not None:
            note("OnionShare", await shared.fetch(path))
        await _until_cold(used)
        note(READY, await _ours(both, path, prepared=True))
        path.unlink()
    return found


async def _until_cold(used: float) -> None:
    """Wait until our circuits are closed that were in use at that time, as `perf_counter` tells it."""
    await asyncio.sleep(max(0.0, used + _COLD_SECONDS - time.perf_counter()))


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size):
            file.write(SystemRng().bytes(MIB))


async def _ours(both: People, path: Path, *, prepared: bool) -> float:
    """Seconds from consent to a whole file, after the offer has come."""
    client = both.first.client  # only that one's tor can reach the other
    both.first.forget()
    await both.second.client.file_send(FIRST, [str(path)])
    offer = await both.first.file_is(_is_offer)
    if prepared:
        await client.file_prepare(offer.id)
        await asyncio.sleep(_PREPARE_SECONDS)
    began = time.perf_counter()
    await client.file_accept(offer.id)
    whole = await both.first.file_is(lambda file: _is_over(file, offer.id))
    took = time.perf_counter() - began
    if whole.state != "complete" or Path(whole.path).read_bytes() != path.read_bytes():
        raise RuntimeError(f"the file did not arrive: {whole.state} {whole.reason}")
    Path(whole.path).unlink()
    return took


def _is_over(file: File, wanted: int) -> bool:
    return file.id == wanted and file.state in ("complete", "failed", "cancelled")


def _print(size: int, rounds: int, latency: float, found: dict[str, list[float]]) -> None:
    report.heading(f"From consent to a whole file of {size} MiB, {latency:g} ms a link ({rounds} rounds)")
    series = {side: report.Series(_SHOWN.get(side, side), values) for side, values in found.items()}
    for each in series.values():
        each.show()
    best = min((series[f"raw, {circuits} circuits"] for circuits in (8, 12)), key=lambda side: side.median)
    if size == 1:
        report.ratio("raw over one circuit", series["raw, 1 circuits"], series[READY], at_least=1.0)
    report.ratio("the best raw split", best, series[READY], at_least=0.95)
    if "OnionShare" in series and size >= 16:
        for side, least in ((READY, 3.5 if size >= 64 else 3.0), (COLD, 2.2), (AGAIN, 4.0)):
            report.ratio(f"OnionShare, {_SHOWN[side]}", series["OnionShare"], series[side], at_least=least)


if __name__ == "__main__":
    sys.exit(main())
