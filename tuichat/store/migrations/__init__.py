"""The database's schema as numbered steps, forward only: `mNNNN_what.sql`, each run once, in order."""
