"""The table of the API's methods, read off `NodeApi`: names on the wire, parameters and their bounds.

On the wire a method has the name it has in `NodeApi`, but the `GROUPS` stand before a dot: `contact_add` is
`contact.add`, `mark_read` stays `mark_read`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

import msgspec

from tuichat.api.file_api import FileApi
from tuichat.api.node_api import NodeApi
from tuichat.api.settings_api import SettingsApi
from tuichat.api.token_api import TokenApi
from tuichat.api.wire import INVALID_PARAMS, MAX_PAGE, BadRequest, Request
from tuichat.i18n import _

GROUPS = ("contact", "conversation", "draft", "file", "input", "invite", "message", "token")
HELLO = "hello"
SUBSCRIBE = "subscribe"

_Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_BOUNDS: Mapping[object, object] = {int: _Number, int | None: _Number | None}


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes:
        attribute: its name in `NodeApi`.
        params: the record its params are decoded into; unknown and ill-typed ones are refused.
        order: the names of the params, for those who send an array.
    """

    attribute: str
    params: msgspec.json.Decoder[msgspec.Struct]
    order: tuple[str, ...]

    def arguments(self, request: Request) -> dict[str, Any]:
        """The keyword arguments of a call.

        Raises:
            BadRequest: a parameter is missing, unknown, of the wrong type or out of its bounds.
        """
        try:
            raw: bytes | msgspec.Raw = request.params
            if bytes(raw).lstrip()[:1] == b"[":
                raw = self._named(raw)
            decoded = self.params.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why = _("The parameters of {method} do not fit: {why}.").format(
                method=request.method, why=_reason(error)
            )
            raise BadRequest(INVALID_PARAMS, why, request.answer_id) from None
        return msgspec.structs.asdict(decoded)

    def _named(self, raw: bytes | msgspec.Raw) -> bytes:
        values = msgspec.json.decode(raw, type=list[msgspec.Raw])
        if len(values) > len(self.order):
            raise msgspec.ValidationError(f"Expected at most {len(self.order)} values, got {len(values)}")
        return msgspec.json.encode(dict(zip(self.order, values, strict=False)))


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error) if isinstance(error, msgspec.DecodeError) else "nested too deeply"


def wire_name(attribute: str) -> str:
    """The name on the wire of a method of `NodeApi`."""
    group, _underscore, rest = attribute.partition("_")
    return f"{group}.{rest}" if group in GROUPS and rest else attribute


def attributes() -> tuple[str, ...]:
    """The names of the methods in `NodeApi`."""
    parts = (NodeApi, TokenApi, SettingsApi, FileApi)
    return tuple(
        name
        for part in parts
        for name, value in vars(part).items()
        if inspect.isfunction(value) and name[0] != "_"
    )


def _method(attribute: str) -> Method:
    function = getattr(NodeApi, attribute)
    hints = get_type_hints(function)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        hint = hints[parameter.name]
        kind = _Limit if parameter.name == "limit" else _BOUNDS.get(hint, hint)
        if parameter.default is inspect.Parameter.empty:
            fields.append((parameter.name, kind))
        else:
            fields.append((parameter.name, kind, parameter.default))
    record = msgspec.defstruct(attribute, fields, forbid_unknown_fields=True)
    return Method(attribute, msgspec.json.Decoder(record), tuple(field[0] for field in fields))


def _table() -> Mapping[str, Method]:
    return MappingProxyType({wire_name(name): _method(name) for name in attributes()})


METHODS = _table()
"""Every method by its name on the wire."""
