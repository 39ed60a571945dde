-- Invites that this person made; the text is made from the secret again when it is needed.
CREATE TABLE invites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'bound', 'closed', 'revoked')),
    onion BLOB
) STRICT;

-- Client-authorization keys of this person's service: given to a contact, or spare.
CREATE TABLE reach_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    private BLOB NOT NULL UNIQUE CHECK (length(private) = 32),
    contact INTEGER UNIQUE REFERENCES contacts (id) ON DELETE CASCADE
) STRICT;

-- The invite by which I came to a contact, and the key by which its service admits me.
ALTER TABLE contacts ADD COLUMN invite TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN reach BLOB;
