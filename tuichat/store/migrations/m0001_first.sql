-- Ids are never used again (AUTOINCREMENT): a script that kept an old id must not meet another row under it.
-- Times are milliseconds of Unix time.

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    onion BLOB NOT NULL UNIQUE CHECK (length(onion) = 32),
    state TEXT NOT NULL CHECK (state IN ('requested', 'pending', 'accepted', 'blocked')),
    petname TEXT NOT NULL UNIQUE,
    suggested_name TEXT NOT NULL DEFAULT '',
    sig BLOB,
    ik BLOB,
    epoch INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    pair_sent BLOB,
    pair_received BLOB,
    last_pair TEXT NOT NULL DEFAULT '' CHECK (last_pair IN ('', 'sent', 'received')),
    request_text TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    last_linked_at INTEGER
) STRICT;
CREATE INDEX contacts_by_state ON contacts (state, id);

-- Where messages stand. Today each contact has exactly one; a conversation of several people will have no contact.
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER UNIQUE REFERENCES contacts (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    wire_id BLOB NOT NULL CHECK (length(wire_id) = 16),
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    received_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'read', 'failed', 'cancelled')),
    body BLOB NOT NULL
) STRICT;
CREATE INDEX messages_in_order ON messages (conversation, id);
CREATE UNIQUE INDEX messages_by_wire_id ON messages (conversation, direction, wire_id);
CREATE INDEX messages_unread ON messages (conversation, id) WHERE direction = 'in' AND state <> 'read';

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    message INTEGER UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    wire_id BLOB NOT NULL CHECK (length(wire_id) = 16),
    body BLOB NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    envelope BLOB,
    envelope_hash BLOB,
    given INTEGER NOT NULL DEFAULT 0,
    queued_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_in_order ON outbox (contact, id);
CREATE INDEX outbox_by_hash ON outbox (contact, envelope_hash);
CREATE INDEX outbox_messages ON outbox (contact, queued_at) WHERE message IS NOT NULL;

CREATE TABLE sessions (
    contact INTEGER PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    gen INTEGER NOT NULL,
    sid BLOB NOT NULL CHECK (length(sid) = 16),
    sealed INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    acked INTEGER NOT NULL
) STRICT;

-- Envelopes opened in the present session, and bodies that wait for the ones before them.
CREATE TABLE opened (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (contact, hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX opened_by_seq ON opened (contact, seq);

CREATE TABLE held (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (contact, seq)
) STRICT;

-- Ids of messages that ever came from a contact, over all sessions: what makes a delivery happen once.
CREATE TABLE known (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    wire_id BLOB NOT NULL,
    PRIMARY KEY (contact, wire_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    subject INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
