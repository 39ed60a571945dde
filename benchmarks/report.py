"""What every benchmark prints: both sides, their medians and ranges, the ratio, and the target beside it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "ms", "µs", "MB", "%"]

_LABEL_WIDTH = 46


@dataclass(frozen=True, slots=True)
class Series:
    """The measurements of one side, one or more a round. Seconds or megabytes (2^20 bytes)."""

    label: str
    values: Sequence[float]
    unit: Unit = "s"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def at(self, share: float) -> float:
        """The value that `share` of all (0 to 1) do not exceed."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def show(self) -> None:
        """Print the line of this side."""
        low, high = _number(min(self.values), self.unit), _number(max(self.values), self.unit)
        middle = f"{_number(self.median, self.unit)} {self.unit}"
        print(f"  {self.label:{_LABEL_WIDTH}} {middle:>10}   {low} to {high}, n = {len(self.values)}")

    def show_spread(self) -> None:
        """Print the line of this side with what is seldom exceeded, and the worst."""
        shown = (self.median, self.at(0.99), max(self.values))
        median, most, worst = (_number(value, self.unit) for value in shown)
        print(
            f"  {self.label:{_LABEL_WIDTH}} p50 {median}, p99 {most}, max {worst} {self.unit}, "
            f"n = {len(self.values)}"
        )


def heading(text: str) -> None:
    """Begin a measurement."""
    print(f"\n{text}", flush=True)


def compare(ours: Series, other: Series, *, at_most: float, plus: float = 0.0) -> None:
    """Two sides: ours may take `at_most` times the other's median, and `plus` more."""
    ours.show()
    other.show()
    target = f"{at_most:g}" + (f", and {plus:g} {ours.unit} more" if plus else "")
    met = ours.median <= at_most * other.median + plus
    _verdict("ratio", f"{ours.median / other.median:.2f}", target, met=met)


def compare_spread(ours: Series, other: Series) -> None:
    """Two sides, and how much later the one of a hundred is that is late: no target, for few are counted."""
    ours.show_spread()
    other.show_spread()
    print(f"  {'ratio of the p99s':{_LABEL_WIDTH}} {ours.at(0.99) / other.at(0.99):>10.2f}")


def difference(ours: Series, other: Series, *, at_most: float) -> None:
    """Two sides: ours may exceed the other's median by `at_most`."""
    ours.show()
    other.show()
    more = ours.median - other.median
    limit = f"{_number(at_most, ours.unit)} {ours.unit}"
    ratio = f"{_number(more, ours.unit)} {ours.unit} (x {ours.median / other.median:.2f})"
    _verdict("difference", ratio, limit, met=more <= at_most)


def limit(ours: Series, *, at_most: float) -> None:
    """One side with a bound for its worst value."""
    worst = max(ours.values)
    shown = f"{_number(worst, ours.unit)} {ours.unit}"
    bound = f"{_number(at_most, ours.unit)} {ours.unit}"
    _verdict(f"{ours.label}: worst", shown, bound, met=worst <= at_most)


def ratio(words: str, other: Series, ours: Series, *, at_least: float) -> None:
    """Two sides that were shown already: ours must be so many times as fast as the other."""
    faster = other.median / ours.median
    verdict = "met" if faster >= at_least else "MISSED"
    words = f"as fast as {words}"
    print(f"  {words:{_LABEL_WIDTH}} {faster:>10.2f}   target: at least {at_least:g}: {verdict}")


def beside(ours: Series, other: Series) -> None:
    """Another program beside ours, which was shown already: no target, for the two do different things."""
    other.show()
    print(f"  {'ratio of ours':{_LABEL_WIDTH}} {ours.median / other.median:>10.2f}")


def reached(words: str, value: float, *, at_least: float) -> None:
    """A number that has to be reached."""
    verdict = "met" if value >= at_least else "MISSED"
    print(f"  {words:{_LABEL_WIDTH}} {value:>10,.0f}   target: at least {at_least:,.0f}: {verdict}")


def _verdict(words: str, value: str, target: str, *, met: bool) -> None:
    print(f"  {words:{_LABEL_WIDTH}} {value:>10}   target: at most {target}: {'met' if met else 'MISSED'}")


def _number(value: float, unit: Unit) -> str:
    if unit == "ms":
        return f"{value * 1000:.1f}"
    if unit == "µs":
        return f"{value * 1_000_000:.0f}"
    return {"s": f"{value:.3f}", "%": f"{value:.2f}"}.get(unit, f"{value:.1f}")
