"""The interface in the terminal: a client of one node, drawn with Textual."""
