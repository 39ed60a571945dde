"""tuichat: a terminal messenger with no server, over Tor onion services."""

__version__ = "0.1.0.dev0"
