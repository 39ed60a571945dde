"""How bytes reach a peer: the `Transport` protocol and its implementation over Tor."""
