-- Files that were offered. Key, root and path are erased when the offer has ended; `stored_as` is a file on disk.
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    message INTEGER UNIQUE REFERENCES messages (id) ON DELETE SET NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    wire_id BLOB NOT NULL CHECK (length(wire_id) = 16),
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    media_type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'offered', 'waiting', 'active', 'paused', 'complete', 'declined', 'cancelled', 'failed'
    )),
    "key" BLOB NOT NULL,
    root BLOB NOT NULL,
    path BLOB NOT NULL,
    offered_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    sniffed_type TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    paused_by TEXT NOT NULL DEFAULT '' CHECK (paused_by IN ('', 'me', 'them', 'both')),
    source TEXT NOT NULL DEFAULT '',
    source_is_copy INTEGER NOT NULL DEFAULT 0,
    stored_as TEXT NOT NULL DEFAULT '',
    target TEXT NOT NULL DEFAULT '',
    accepted INTEGER NOT NULL DEFAULT 0,
    fetched INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    group_id BLOB,
    width INTEGER,
    height INTEGER
) STRICT;
CREATE UNIQUE INDEX files_by_wire_id ON files (contact, direction, wire_id);
CREATE UNIQUE INDEX files_by_path ON files (path) WHERE direction = 'out' AND path <> x'';
CREATE INDEX files_by_group ON files (contact, direction, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX files_open ON files (contact, direction) WHERE ended_at IS NULL;
CREATE INDEX files_due ON files (expires_at) WHERE ended_at IS NULL;

-- The list of chunk hashes, in parts of 4,096; `done` has a bit for each chunk that was received and is on disk.
CREATE TABLE file_parts (
    file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    done BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (file, part)
) STRICT;

-- What is to be removed from the disk: parts of files whose contact, or whose transfer, is gone already.
CREATE TABLE file_remains (
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TRIGGER files_leave_parts AFTER DELETE ON files WHEN OLD.stored_as <> '' AND OLD.state <> 'complete'
    BEGIN INSERT OR IGNORE INTO file_remains VALUES (OLD.stored_as); END;
CREATE TRIGGER files_leave_copies AFTER DELETE ON files WHEN OLD.source_is_copy
    BEGIN INSERT OR IGNORE INTO file_remains VALUES (OLD.source); END;

-- Until now every row without a message was a void; now nodes tell each other of files, too.
ALTER TABLE outbox ADD COLUMN void INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET void = 1 WHERE message IS NULL;
