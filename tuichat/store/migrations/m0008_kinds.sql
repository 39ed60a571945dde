-- What is done to messages after they were written: replies, edits, unsends, reactions.

-- The wire id that a reply names; of whom, the history says.
ALTER TABLE messages ADD COLUMN reply_to BLOB;
ALTER TABLE messages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
-- 'asked' until the other node has acknowledged the unsend.
ALTER TABLE messages ADD COLUMN unsent TEXT NOT NULL DEFAULT '' CHECK (unsent IN ('', 'asked', 'done'));
-- How many reactions there are, so that most messages need no second look.
ALTER TABLE messages ADD COLUMN reacted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_by_reply ON messages (conversation, reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE earlier_texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX earlier_texts_in_order ON earlier_texts (message, id);

CREATE TABLE reactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    author TEXT NOT NULL CHECK (author IN ('in', 'out')),
    emoji TEXT NOT NULL,
    UNIQUE (message, author, emoji)
) STRICT;

-- Bodies from a contact whose target is not in the history, or not yet.
CREATE TABLE waiting_deeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    target BLOB NOT NULL CHECK (length(target) = 16),
    body BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_deeds_by_target ON waiting_deeds (contact, target, id);

-- The message that a queued body carries or is about: it waits for an acknowledgement that a person waits for.
ALTER TABLE outbox ADD COLUMN subject INTEGER REFERENCES messages (id) ON DELETE CASCADE;
UPDATE outbox SET subject = message;
DROP INDEX outbox_messages;
CREATE INDEX outbox_messages ON outbox (contact, queued_at) WHERE subject IS NOT NULL;
CREATE INDEX outbox_by_subject ON outbox (subject) WHERE subject IS NOT NULL;

-- Bodies that were kept unread, for the version that can read them.
CREATE INDEX messages_unreadable ON messages (id) WHERE kind = 'unsupported';
