"""Lines of the local API: what is read, what is refused, and with which code."""

from __future__ import annotations

import inspect
import json

import pytest

from tuichat import errors
from tuichat.api.file_api import FileApi
from tuichat.api.methods import METHODS, attributes, wire_name
from tuichat.api.node_api import NodeApi
from tuichat.api.settings_api import SettingsApi
from tuichat.api.token_api import TokenApi
from tuichat.api.wire import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    BadRequest,
    decode_incoming,
    decode_request,
    encode_refusal,
    error_from,
)


def request(method: str, params: object = None, **others: object) -> bytes:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, **others}
    return json.dumps(message if params is None else {**message, "params": params}).encode()


def refused(line: bytes) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        understood(line)
    return caught.value


def understood(line: bytes) -> dict[str, object]:
    asked = decode_request(line)
    return METHODS[asked.method].arguments(asked)


def test_every_method_of_the_node_api_has_one_name_on_the_wire() -> None:
    names = {
        name
        for part in (NodeApi, SettingsApi, TokenApi, FileApi)
        for name in vars(part)
        if not name.startswith("_")
    }
    assert {method.attribute for method in METHODS.values()} == names == set(attributes())
    assert wire_name("contact_add") == "contact.add"
    assert wire_name("message_get") == "message.get"
    assert wire_name("file_send") == "file.send"
    assert wire_name("messages") == "messages"
    assert wire_name("mark_read") == "mark_read"


def test_parameters_may_come_by_name_or_by_position_and_have_defaults() -> None:
    by_name = decode_request(request("messages", {"ref": "bob", "before": 7}))
    by_position = decode_request(request("messages", ["bob", 50, 7]))
    expected = {"ref": "bob", "limit": 50, "before": 7, "after": None}
    assert METHODS["messages"].arguments(by_name) == expected
    assert METHODS["messages"].arguments(by_position) == expected


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("messages", {"ref": "bob", "limit": -1}),
        ("messages", {"ref": "bob", "limit": 0}),
        ("messages", {"ref": "bob", "limit": 501}),
        ("messages", {"ref": "bob", "limit": 1.5}),
        ("messages", {"ref": "bob", "limit": True}),
        ("messages", {"ref": "bob", "before": -1}),
        ("message.get", {"message": 2**63}),
        ("messages", {"ref": 7}),
        ("messages", {"ref": None}),
        ("messages", {}),
        ("messages", {"ref": "bob", "colour": "red"}),
        ("messages", ["bob", 1, 2, 3, 4]),
        ("messages", "bob"),
        ("stop", {"reason": "idle"}),
        ("hello", {"self": 1}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(method: str, params: object) -> None:
    bad = refused(request(method, params))
    assert (bad.code, bad.id) == (INVALID_PARAMS, 1)


def test_deep_parameters_are_refused() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"method":"send","params":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert refused(line).code in (INVALID_PARAMS, PARSE_ERROR)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', PARSE_ERROR),
        (b"[]", INVALID_REQUEST),
        (b"  [" + request("hello") + b"]", INVALID_REQUEST),
        (b"7", INVALID_REQUEST),
        (request("hello", jsonrpc="1.0"), INVALID_REQUEST),
        (request("hello", id={}), INVALID_REQUEST),
        (request("hello", id="x" * 65), INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1}', INVALID_REQUEST),
    ],
)
def test_lines_that_are_no_request_are_refused(line: bytes, code: int) -> None:
    assert refused(line).code == code


def test_a_bad_request_is_answered_under_its_own_id_where_that_can_be_read() -> None:
    assert refused(b'{"jsonrpc":"2.0","id":"seven"}').id == "seven"
    assert refused(b'{"jsonrpc":"2.0","id":[]}').id is None


def test_a_request_without_an_id_wants_no_answer_and_one_with_null_does() -> None:
    assert not decode_request(b'{"jsonrpc":"2.0","method":"hello"}').wants_answer
    assert decode_request(b'{"jsonrpc":"2.0","method":"hello","id":null}').wants_answer


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for _name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.TuichatError)
    ],
)
def test_every_error_class_survives_the_wire_with_its_hint_and_candidates(
    kind: type[errors.TuichatError],
) -> None:
    line = encode_refusal(1, kind("No.", "Do this.", ("bob", "小明")))
    received = decode_incoming(line).error
    assert received is not None
    error = error_from(received)
    assert type(error) is kind
    assert (error.message, error.hint, error.candidates) == ("No.", "Do this.", ("bob", "小明"))
    assert json.loads(line)["error"]["data"]["exit_code"] == kind.exit_code
