"""The handshake code beside an independent implementation, message by message, and its own ciphers."""

from __future__ import annotations

import pytest
from noise.connection import Keypair, NoiseConnection

from tests.support.handshakes import NoRng
from tests.support.seeded_rng import FixedRng, SeededRng
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.noise import CipherState, HandshakeState, Pattern, Split, Token
from tuichat.errors import PeerError

XX_MESSAGES = ((Token.E,), (Token.E, Token.EE, Token.S, Token.ES), (Token.S, Token.SE))
XX = Pattern(b"Noise_XX_25519_ChaChaPoly_SHA256", XX_MESSAGES)
XX_PSK0 = Pattern(b"Noise_XXpsk0_25519_ChaChaPoly_SHA256", ((Token.PSK, *XX_MESSAGES[0]), *XX_MESSAGES[1:]))
PSK = bytes(range(32))
PROLOGUE = b"what both must agree on"
STATIC = {True: b"\x11" * 32, False: b"\x22" * 32}


EPHEMERAL = {True: FixedRng(b"\x33" * 32), False: FixedRng(b"\x44" * 32)}


def ours(pattern: Pattern, initiator: bool, psk: bytes = PSK, prologue: bytes = PROLOGUE) -> HandshakeState:
    return HandshakeState(pattern, initiator, prologue, STATIC[initiator], psk, MlKem768())


def oracle(pattern: Pattern, initiator: bool) -> NoiseConnection:
    connection = NoiseConnection.from_name(pattern.name)
    connection.set_prologue(PROLOGUE)
    if pattern.has_psk:
        connection.set_psks(psk=PSK)
    connection.set_keypair_from_private_bytes(Keypair.STATIC, STATIC[initiator])
    connection.set_keypair_from_private_bytes(Keypair.EPHEMERAL, b"\x33" * 32 if initiator else b"\x44" * 32)
    (connection.set_as_initiator if initiator else connection.set_as_responder)()
    with pytest.warns(UserWarning, match="ephemeral"):
        connection.start_handshake()
    return connection


def shake(pattern: Pattern, initiator: bool) -> tuple[Split, NoiseConnection]:
    """Our side against the oracle's, with a payload in each message."""
    mine, theirs = ours(pattern, initiator), oracle(pattern, not initiator)
    writing = initiator
    for payload in (b"", b"first answer", b"and the last" * 50):
        if writing:
            assert bytes(theirs.read_message(mine.write_message(payload, EPHEMERAL[initiator]))) == payload
        else:
            assert mine.read_message(bytes(theirs.write_message(payload))) == payload
        writing = not writing
    return mine.split(), theirs


@pytest.mark.parametrize("pattern", [XX, XX_PSK0], ids=lambda pattern: pattern.name.decode())
@pytest.mark.parametrize("initiator", [True, False])
def test_handshake_and_transport_agree_with_an_independent_implementation(
    pattern: Pattern, initiator: bool
) -> None:
    split, theirs = shake(pattern, initiator)
    assert split.handshake_hash == theirs.get_handshake_hash()
    for turn in range(3):
        text = b"message %d" % turn
        assert theirs.decrypt(split.sending.encrypt(b"", text)) == text
        assert split.receiving.decrypt(b"", theirs.encrypt(text)) == text


@pytest.mark.parametrize("initiator", [True, False])
def test_rekeying_agrees_with_an_independent_implementation(initiator: bool) -> None:
    split, theirs = shake(XX_PSK0, initiator)
    for turn in range(3):
        split.sending.rekey()
        theirs.rekey_inbound_cipher()
        split.receiving.rekey()
        theirs.rekey_outbound_cipher()
        text = b"message %d" % turn
        assert theirs.decrypt(split.sending.encrypt(b"", text)) == text
        assert split.receiving.decrypt(b"", theirs.encrypt(text)) == text


@pytest.mark.parametrize("pattern", [XX, XX_PSK0], ids=lambda pattern: pattern.name.decode())
def test_messages_equal_an_independent_implementations_byte_for_byte(pattern: Pattern) -> None:
    mine = {initiator: ours(pattern, initiator) for initiator in (True, False)}
    theirs = {initiator: oracle(pattern, initiator) for initiator in (True, False)}
    writer = True
    for payload in (b"one", b"two", b"three"):
        message = mine[writer].write_message(payload, EPHEMERAL[writer])
        assert message == bytes(theirs[writer].write_message(payload))
        assert mine[not writer].read_message(message) == bytes(theirs[not writer].read_message(message))
        writer = not writer


@pytest.mark.parametrize("difference", [{"psk": bytes(32)}, {"prologue": b""}])
def test_another_psk_or_prologue_ends_the_handshake(difference: dict[str, bytes]) -> None:
    message = ours(XX_PSK0, True).write_message(b"", EPHEMERAL[True])
    with pytest.raises(PeerError):
        ours(XX_PSK0, False, **difference).read_message(message)


def test_every_truncation_of_a_handshake_message_is_refused() -> None:
    caller, answerer = ours(XX_PSK0, True), ours(XX_PSK0, False)
    for writer, reader in ((caller, answerer), (answerer, caller), (caller, answerer)):
        message = writer.write_message(b"payload", SeededRng())
        for length in range(len(message)):
            with pytest.raises(PeerError):
                reader.copy().read_message(message[:length])
        assert reader.read_message(message) == b"payload"


def test_reading_makes_no_key() -> None:
    answerer = ours(XX_PSK0, False)
    answerer.read_message(ours(XX_PSK0, True).write_message(b"", EPHEMERAL[True]))
    with pytest.raises(AssertionError, match="a key was made"):
        answerer.write_message(b"", NoRng())


def test_copy_of_a_handshake_goes_its_own_way() -> None:
    caller, answerer = ours(XX_PSK0, True), ours(XX_PSK0, False)
    message = caller.write_message(b"", SeededRng())
    twin = answerer.copy()
    assert twin.read_message(message) == b""
    assert answerer.read_message(message) == b""


def test_cipher_without_a_key_passes_bytes_on() -> None:
    cipher = CipherState(None)
    assert cipher.encrypt(b"ad", b"plain") == cipher.decrypt(b"ad", b"plain") == b"plain"
    assert (cipher.has_key, cipher.nonce) == (False, 0)


def test_failed_opening_leaves_the_cipher_as_it_was() -> None:
    sending, receiving = CipherState(PSK), CipherState(PSK)
    sealed = sending.encrypt(b"ad", b"plain")
    for associated, wrong in ((b"ad", sealed[:-1]), (b"ad", b""), (b"da", sealed), (b"ad", sealed + b"\0")):
        with pytest.raises(PeerError):
            receiving.decrypt(associated, wrong)
    assert receiving.nonce == 0
    assert receiving.decrypt(b"ad", sealed) == b"plain"


def test_last_nonce_is_kept_for_rekeying() -> None:
    cipher = CipherState(PSK, 2**64 - 2)
    cipher.encrypt(b"", b"the last message of all")
    with pytest.raises(PeerError):
        cipher.encrypt(b"", b"one too many")
    with pytest.raises(PeerError):
        cipher.decrypt(b"", bytes(16))
