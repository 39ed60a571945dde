"""Counts as Prometheus reads them: its text exposition format, 0.0.4.

    # HELP tuichat_links Contacts that are linked now.
    # TYPE tuichat_links gauge
    tuichat_links 3

A line ends with LF. Nothing here is of a single contact: labels are words of this program only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Metric:
    """One family.

    Attributes:
        name: with its unit at the end, of a counter also `_total`.
        about: a sentence.
        samples: the value, or one for each value of `label`.
    """

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    samples: float | Mapping[str, float]
    label: str = ""


def exposition(metrics: Iterable[Metric]) -> str:
    """All of them as one text."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {metric.about}"
    yield f"# TYPE {metric.name} {metric.kind}"
    if not isinstance(metric.samples, Mapping):
        yield f"{metric.name} {metric.samples:.16g}"
        return
    for word, value in metric.samples.items():
        yield f'{metric.name}{{{metric.label}="{word.translate(_ESCAPES)}"}} {value:.16g}'
