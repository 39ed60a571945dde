"""Keys, certificates and ciphers: bytes in, bytes out. No I/O, no clock, no random source of its own."""
