-- Tokens by which bots use the local API. `digest`: a hash of 32 random bytes; `methods` and `events`: words with spaces
-- between them; times are milliseconds of Unix time.
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL UNIQUE,
    everybody INTEGER NOT NULL,
    methods TEXT NOT NULL,
    events TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE TABLE token_contacts (
    token INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (token, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_contacts_of_contact ON token_contacts (contact);

-- Whose message was removed: it is not there any more to be asked.
ALTER TABLE events ADD COLUMN contact INTEGER;
