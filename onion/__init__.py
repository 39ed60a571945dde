"""Everything Tor that tuichat needs, usable without tuichat."""
