"""Lose the power in many states of real disks, open each with the product's code, and count what is wrong.

Claim: after a power loss at any moment everything acknowledged is there once, and no key and nonce are used
together twice: no failures. Rounds of real work are recorded below the database, then states are made in
which any part of what was not synced is missing, torn or there. Then the same is done to stores that do not
wait for the disk (synchronous=OFF, NORMAL), which must fail: it shows that failures are seen. At the end
every single operation of a store's life fails once, and all from there on: a full disk, EIO at writes,
EIO at reads.

Exit code 1 if anything was wrong, or if less was reached than asked for and no --minutes were given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks import options
from benchmarks.report import heading
from tests.support.disk_sweep import KINDS, fail_for_good, fail_once, places
from tests.support.power_loss import Result
from tests.support.power_rounds import play

MINUTES = 15.0

_STATES_A_ROUND = 1000
_CONTROL_STATES = 200
_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Try states and faults, and print what came of them."""
    chosen = _read(arguments)
    heading("Power losses: every acknowledged message there once, no key and nonce used twice")
    began = time.monotonic()
    result, rounds = _try_states(chosen, began + options.ends_after(chosen))
    seconds = time.monotonic() - began
    print(f"  {rounds} rounds from number {chosen.first}, {seconds:.0f} s")
    print(f"  states tried       {result.tried:>10}   asked for: {chosen.states}")
    print(f"  different contents {result.distinct:>10}")
    print(f"  promises held      {result.promises:>10}")
    print(f"  rate               {result.tried / seconds:>10.0f} states/s")
    print(f"  failures           {len(result.failures):>10}   target: 0")
    for failure in result.failures[:_SHOWN]:
        print(f"    {failure.log}, operation {failure.moment}, {failure.fate}: {failure.wrong}")
        again = f"{failure.log.split()[1]} {min(_STATES_A_ROUND, chosen.states)}"
        print(f"      again: python -m tests.support.power_rounds {again}")
    print(f"  hash               {result.digest}")
    short = options.fell_short(chosen, result.tried, chosen.states, "states")
    well = _controls(chosen.first) and _faults(chosen.every_fault)
    return 0 if well and not (short or result.failures) else 1


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m benchmarks.power_loss", description=__doc__)
    made.add_argument(
        "--states", type=options.at_least_one, default=50_000, metavar="N", help="how many to try"
    )
    options.add_minutes(made, MINUTES)
    made.add_argument(
        "--first", type=options.at_least_one, default=1, metavar="NUMBER", help="of the first round"
    )
    made.add_argument(
        "--every-fault", type=options.at_least_one, default=1, metavar="NTH", help="which operations fail"
    )
    return made.parse_args(arguments)


def _try_states(chosen: argparse.Namespace, until: float) -> tuple[Result, int]:
    """The states, and in how many rounds."""
    result, rounds = Result(), 0
    while result.tried < chosen.states and (rounds == 0 or time.monotonic() < until):
        play(chosen.first + rounds, min(_STATES_A_ROUND, chosen.states), result=result)
        rounds += 1
    return result, rounds


def _controls(number: int) -> bool:
    """Whether stores that do not wait for the disk are found out."""
    off, normal = (play(number, _CONTROL_STATES, mode) for mode in ("OFF", "NORMAL"))
    for name, control in (("OFF", off), ("NORMAL", normal)):
        print(f"  with synchronous={name:<7} {len(control.failures)} of {control.tried} fail, as they must")
    return bool(off.failures and normal.failures)


def _faults(every: int) -> bool:
    """Whether a store lives through a failure of every so many-th operation."""
    heading("Operations that fail once, and for good: nothing half kept, nothing lost, a sentence told")
    failures = []
    for kind in KINDS:
        for at in places(kind, every):
            tried = {"once": fail_once(kind, at), "for good": fail_for_good(kind, at)}
            failures += [f"{kind}, operation {at}, {how}: {wrong}" for how, wrong in tried.items() if wrong]
        print(f"  {kind:18} {len(places(kind, every)):>10}   operations, each once and for good")
    print(f"  failures           {len(failures):>10}   target: 0")
    for failure in failures[:_SHOWN]:
        print(f"    {failure}")
    return not failures


if __name__ == "__main__":
    sys.exit(main())
