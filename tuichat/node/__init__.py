"""The engine: contacts, links, delivery and events. All decisions over time are made here."""
