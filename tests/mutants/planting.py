"""What a mutant is: one small change of the product's behaviour that a check of the invariants must find.

`planted` puts a function that makes such a change into the table. Its name names the mutant, its docstring
says what is wrong then, its arguments are the checks that must fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.invariants import Check

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, and what must find it."""

    name: str
    breaks: str
    plant: Plant
    checks: tuple[Check, ...]


MUTANTS: list[Mutant] = []


def planted(*checks: Check) -> Callable[[Plant], Plant]:
    """Put a change into the table."""

    def put(plant: Plant) -> Plant:
        MUTANTS.append(Mutant(plant.__name__, (plant.__doc__ or "").strip(), plant, checks))
        return plant

    return put
