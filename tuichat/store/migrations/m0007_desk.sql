-- How this person keeps a conversation. `unread_from` is the message at which reading stopped last.
ALTER TABLE conversations ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN unread_from INTEGER;
ALTER TABLE conversations ADD COLUMN draft TEXT NOT NULL DEFAULT '';

-- What comes in brings a conversation back; who answers has read everything.
CREATE TRIGGER conversations_come_back AFTER INSERT ON messages WHEN NEW.direction = 'in'
    BEGIN UPDATE conversations SET archived = 0 WHERE id = NEW.conversation AND archived; END;
CREATE TRIGGER conversations_answered AFTER INSERT ON messages WHEN NEW.direction = 'out'
    BEGIN UPDATE conversations SET unread_from = NULL
    WHERE id = NEW.conversation AND unread_from IS NOT NULL; END;

CREATE TABLE contact_tags (
    contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (contact, tag)
) STRICT, WITHOUT ROWID;

-- What was written, to be called back; each line goes with the conversation that it was for.
CREATE TABLE inputs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER REFERENCES conversations (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX inputs_by_conversation ON inputs (conversation);
