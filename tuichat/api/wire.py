"""The local API on the wire: JSON-RPC 2.0, one message a line, UTF-8, on a UNIX stream socket.

    request       {"jsonrpc":"2.0","id":1,"method":"contact.add","params":{"address":"..."}}
    answer        {"jsonrpc":"2.0","id":1,"result":...}
    refusal       {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"...","data":{...}}}
    event         {"jsonrpc":"2.0","method":"event","params":{"type":"message","at":"...","seq":7,...}}

A line to the node has at most `MAX_REQUEST_LINE` bytes, one from it `MAX_ANSWER_LINE`, its LF counted.
Params are an object, or an array in the order of the method's parameters. Ids are integers of 64 bits,
strings of at most 64 characters, or absent: then there is no answer. Batches are refused. Calls are begun in
the order in which they came and may be answered in another. `data` of a refusal holds `code` (a stable word),
`exit_code` (the command line's), `hint` (what to do) and `candidates` (names to choose among).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from tuichat.errors import (
    DamagedError,
    DeniedError,
    KeyNotTrustedError,
    LockedError,
    NotFoundError,
    NotYetError,
    StorageError,
    TuichatError,
    UnreachableError,
    UsageError,
)
from tuichat.i18n import _
from tuichat.model import AnyEvent

MAX_REQUEST_LINE = 1024 * 1024
MAX_ANSWER_LINE = 64 * 1024 * 1024
MAX_PAGE = 500
"""The most messages, or files, that one call gives; more are asked for page by page."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REFUSED = -32000
"""The node understood and says no: `data.code` tells why."""

RequestId = (
    Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    | Annotated[str, msgspec.Meta(max_length=64)]
    | None
)

_ERRORS: Mapping[str, type[TuichatError]] = {
    error.code: error
    for error in (
        TuichatError,
        UsageError,
        UnreachableError,
        KeyNotTrustedError,
        NotYetError,
        LockedError,
        NotFoundError,
        DeniedError,
        DamagedError,
        StorageError,
    )
}


class Request(msgspec.Struct, frozen=True):
    """A call, or without an id a notification. `params` is left undecoded."""

    jsonrpc: Literal["2.0"]
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: RequestId | msgspec.UnsetType = msgspec.UNSET

    @property
    def wants_answer(self) -> bool:
        """Whether it has an id."""
        return self.id is not msgspec.UNSET

    @property
    def answer_id(self) -> RequestId:
        """The id that an answer carries."""
        return None if isinstance(self.id, msgspec.UnsetType) else self.id


class ErrorData(msgspec.Struct, frozen=True):
    """What a refusal says beyond its sentence."""

    code: str = "error"
    hint: str = ""
    exit_code: int = 1
    candidates: tuple[str, ...] = ()


class ErrorObject(msgspec.Struct, frozen=True):
    """JSON-RPC's error object."""

    code: int
    message: str
    data: ErrorData = ErrorData()


class Incoming(msgspec.Struct, frozen=True):
    """Any line from a node: an answer (`result` or `error` with the call's id), or an event."""

    id: RequestId = None
    result: msgspec.Raw = msgspec.Raw(b"")
    error: ErrorObject | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"")


class BadRequest(Exception):
    """A line that is no call. `id` is the call's, as far as it could be read."""

    def __init__(self, code: int, message: str, request_id: RequestId = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = request_id


class _OnlyId(msgspec.Struct):
    id: RequestId = None


_requests = msgspec.json.Decoder(Request)
_ids = msgspec.json.Decoder(_OnlyId)
_lines = msgspec.json.Decoder(Incoming)
_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()


def decode_request(line: bytes) -> Request:
    """A line from a client.

    Raises:
        BadRequest: it is no JSON, a batch, or no request.
    """
    if line.lstrip()[:1] == b"[":
        raise BadRequest(INVALID_REQUEST, _("Batches are not supported; send one request a line."))
    try:
        return _requests.decode(line)
    except msgspec.ValidationError as error:
        raise BadRequest(
            INVALID_REQUEST,
            _("This is no JSON-RPC 2.0 request: {why}.").format(why=str(error)),
            _readable_id(line),
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(PARSE_ERROR, _("This line is not JSON.")) from None


def _readable_id(line: bytes) -> RequestId:
    try:
        return _ids.decode(line).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_incoming(line: bytes) -> Incoming:
    """A line from a node. Raises msgspec.DecodeError if it is none."""
    return _lines.decode(line)


def decode_event(params: msgspec.Raw) -> AnyEvent | None:
    """The event of a notification; None for a kind that this version does not know."""
    try:
        return _events.decode(params)
    except msgspec.ValidationError:
        return None


def encode_request(request_id: int, method: str, params: Mapping[str, Any] | list[Any]) -> bytes:
    """A call as a line."""
    return _line({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def encode_result(request_id: RequestId, result: object) -> bytes:
    """An answer as a line."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def encode_event(event: AnyEvent) -> bytes:
    """An event as a line."""
    return _line({"jsonrpc": "2.0", "method": "event", "params": event})


def encode_refusal(request_id: RequestId, error: TuichatError) -> bytes:
    """The node's own no as a line."""
    data = ErrorData(error.code, error.hint, error.exit_code, error.candidates)
    return _line({"jsonrpc": "2.0", "id": request_id, "error": ErrorObject(REFUSED, error.message, data)})


def encode_bad_request(bad: BadRequest) -> bytes:
    """A complaint about the call itself as a line."""
    own = TuichatError if bad.code == INTERNAL_ERROR else UsageError
    data = ErrorData(own.code, "", own.exit_code)
    return _line({"jsonrpc": "2.0", "id": bad.id, "error": ErrorObject(bad.code, bad.message, data)})


def error_from(received: ErrorObject) -> TuichatError:
    """The error that a node's refusal stands for; a code of a newer node becomes the root class."""
    made = _ERRORS.get(received.data.code, TuichatError)
    return made(received.message, received.data.hint, received.data.candidates)


def _line(message: Mapping[str, object]) -> bytes:
    return _encoder.encode(message) + b"\n"
