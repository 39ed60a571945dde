"""Whether others can reach us, as one of three lights, and how far that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tuichat.model import Light, ServiceStage, ServiceState, TorState

_LIGHTS: Final[Mapping[ServiceStage, Light]] = {
    "offline": "yellow",
    "tor": "yellow",
    "publishing": "yellow",
    "unpublished": "red",
    "checking": "yellow",
    "reachable": "green",
    "no_answer": "red",
}


def lit(tor: TorState, service: ServiceState) -> ServiceState:
    """The service with its stage and light, which depend on tor as well."""
    stage = _stage(tor, service)
    light = "red" if tor.problem else _LIGHTS[stage]
    return msgspec.structs.replace(service, stage=stage, light=light)


def _stage(tor: TorState, service: ServiceState) -> ServiceStage:
    if service.detail and not tor.problem:
        return "unpublished"
    if not (tor.problem or tor.running or tor.bootstrap):
        return "offline"
    if tor.problem or tor.bootstrap < 100:
        return "tor"
    if service.reachable:
        return "reachable"
    if service.missed:
        return "no_answer"
    return "checking" if service.published else "publishing"
