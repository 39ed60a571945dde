"""Lose the power in many states of real disks, open each with the product's code, and count what is wrong.

Claim: after a power loss at any moment everything acknowledged is there once, and no key is used twice: no
failures. Rounds of real work are recorded below the database, then states are made in which any part of what
was not synced is missing, torn or there. At the end the same is done to stores that do not wait for the disk
(synchronous=OFF, NORMAL), which must fail: it shows that failures are seen.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.options import at_least_one
from benchmarks.report import heading
from tests.support.power_loss import Result
from tests.support.power_rounds import play

_STATES_A_ROUND = 1000
_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Try states, print what came of them; 1 if one failed or a control did not."""
    chosen = _read(arguments)
    heading("Power losses: every acknowledged message there once, no key used twice")
    began = time.monotonic()
    result, rounds = _try_states(chosen, began + chosen.minutes * 60)
    seconds = time.monotonic() - began
    print(f"  {rounds} rounds from number {chosen.first}, {seconds:.0f} s")
    print(f"  states tried       {result.tried:>10}   asked for: {chosen.states}, in {chosen.minutes:g} min")
    print(f"  different contents {result.distinct:>10}")
    print(f"  promises held      {result.promises:>10}")
    print(f"  rate               {result.tried / seconds:>10.0f} states/s")
    print(f"  failures           {len(result.failures):>10}   target: 0")
    for failure in result.failures[:_SHOWN]:
        print(f"    {failure.log}, operation {failure.moment}, {failure.fate}: {failure.wrong}")
        again = f"{failure.log.split()[1]} {min(_STATES_A_ROUND, chosen.states)}"
        print(f"      again: python -m tests.support.power_rounds {again}")
    print(f"  hash               {result.digest}")
    found_out = _controls(chosen.first)
    return 0 if found_out and not result.failures else 1


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m benchmarks.power_loss", description=__doc__)
    made.add_argument("--states", type=at_least_one, default=50_000, metavar="N", help="how many to try")
    made.add_argument("--minutes", type=float, default=10.0, metavar="M", help="end by then, between rounds")
    made.add_argument("--first", type=at_least_one, default=1, metavar="NUMBER", help="of the first round")
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
    off, normal = play(number, 200, "OFF"), play(number, 200, "NORMAL")
    for name, control in (("OFF", off), ("NORMAL", normal)):
        print(f"  with synchronous={name:<7} {len(control.failures)} of {control.tried} fail, as they must")
    return bool(off.failures and normal.failures)


if __name__ == "__main__":
    sys.exit(main())
