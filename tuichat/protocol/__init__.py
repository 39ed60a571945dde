"""What goes over the wire, and the machines that speak it: bytes and `now` in, bytes and events out.

docs/protocol.md is the specification; the labels in brackets (L3, C4, S5) are its rules.
"""
