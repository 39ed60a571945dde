"""One screen a file, its style sheet beside it. Screens call the node; widgets only post messages."""
