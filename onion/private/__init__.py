"""The parts of a private Tor network: its relays, and the links in front of them."""
