"""What the screens are made of. Widgets know records and messages, never the node."""
