"""The local control API: its methods, the server on a UNIX socket, and the client."""
