"""What a program that watches the node may ask over HTTP, where the settings want that: health and counts."""
