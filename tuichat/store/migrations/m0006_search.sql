-- What messages can be found by. The index keeps no texts: an entry is taken out by what the row had when it was
-- put in. `search_document` is a function of the program; see search_terms.py. Deleted terms leave the index's pages.
CREATE VIRTUAL TABLE search_index USING fts5 (document, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

-- Everything from `indexed_from` on is in the index, and nothing before it: a history from before is indexed
-- backwards, bit by bit, and what came of that is merged when all is in. `form` is what the terms were made with.
CREATE TABLE search_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    form TEXT NOT NULL,
    indexed_from INTEGER NOT NULL,
    merging TEXT NOT NULL DEFAULT '' CHECK (merging IN ('', 'wanted', 'begun'))
) STRICT;
INSERT INTO search_state (id, form, indexed_from) SELECT 1, '', coalesce(max(id), 0) + 1 FROM messages;

-- Between which ids the messages of a day (of Unix time) lie at most. Ids follow the clock, but a clock can be set.
CREATE TABLE search_days (
    day INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT;

CREATE TRIGGER search_adds_message AFTER INSERT ON messages BEGIN
    INSERT INTO search_index (rowid, document) VALUES (NEW.id, search_document(
        NEW.conversation, NEW.direction, NEW.kind, NEW.text, (SELECT name FROM files WHERE message = NEW.id)
    )); INSERT INTO search_days VALUES (coalesce(NEW.received_at, NEW.sent_at) / 86400000, NEW.id, NEW.id, 1)
        ON CONFLICT (day) DO UPDATE SET
            first = min(first, NEW.id), last = max(last, NEW.id), messages = messages + 1; END;

CREATE TRIGGER search_drops_message BEFORE DELETE ON messages
WHEN OLD.id >= (SELECT indexed_from FROM search_state) BEGIN
    INSERT INTO search_index (search_index, rowid, document) VALUES ('delete', OLD.id, search_document(
        OLD.conversation, OLD.direction, OLD.kind, OLD.text, (SELECT name FROM files WHERE message = OLD.id)
    )); UPDATE search_days SET messages = messages - 1
        WHERE day = coalesce(OLD.received_at, OLD.sent_at) / 86400000; DELETE FROM search_days
        WHERE day = coalesce(OLD.received_at, OLD.sent_at) / 86400000 AND messages = 0; END;

CREATE TRIGGER search_drops_old_words BEFORE UPDATE OF conversation, direction, kind, text ON messages
WHEN OLD.id >= (SELECT indexed_from FROM search_state) BEGIN
    INSERT INTO search_index (search_index, rowid, document) VALUES ('delete', OLD.id, search_document(
        OLD.conversation, OLD.direction, OLD.kind, OLD.text, (SELECT name FROM files WHERE message = OLD.id)
    )); END;

CREATE TRIGGER search_adds_new_words AFTER UPDATE OF conversation, direction, kind, text ON messages
WHEN NEW.id >= (SELECT indexed_from FROM search_state) BEGIN
    INSERT INTO search_index (rowid, document) VALUES (NEW.id, search_document(
        NEW.conversation, NEW.direction, NEW.kind, NEW.text, (SELECT name FROM files WHERE message = NEW.id)
    )); END;

-- A time that changes may bring the message to another day.
CREATE TRIGGER search_moves_day AFTER UPDATE OF sent_at, received_at ON messages
WHEN NEW.id >= (SELECT indexed_from FROM search_state)
    AND coalesce(OLD.received_at, OLD.sent_at) / 86400000 <> coalesce(NEW.received_at, NEW.sent_at) / 86400000 BEGIN
    UPDATE search_days SET messages = messages - 1
        WHERE day = coalesce(OLD.received_at, OLD.sent_at) / 86400000; DELETE FROM search_days
        WHERE day = coalesce(OLD.received_at, OLD.sent_at) / 86400000 AND messages = 0; INSERT INTO search_days
        VALUES (coalesce(NEW.received_at, NEW.sent_at) / 86400000, NEW.id, NEW.id, 1)
        ON CONFLICT (day) DO UPDATE SET
            first = min(first, NEW.id), last = max(last, NEW.id), messages = messages + 1; END;

-- The name of a file stands in the entry of its message: the entry goes before the file changes and comes back after.
CREATE TRIGGER search_before_file_comes BEFORE INSERT ON files WHEN NEW.message IS NOT NULL BEGIN
    INSERT INTO search_index (search_index, rowid, document)
    SELECT 'delete', id, search_document(conversation, direction, kind, text, NULL)
    FROM messages WHERE id = NEW.message AND id >= (SELECT indexed_from FROM search_state); END;

CREATE TRIGGER search_after_file_came AFTER INSERT ON files WHEN NEW.message IS NOT NULL BEGIN
    INSERT INTO search_index (rowid, document)
    SELECT id, search_document(conversation, direction, kind, text, NEW.name)
    FROM messages WHERE id = NEW.message AND id >= (SELECT indexed_from FROM search_state); END;

CREATE TRIGGER search_before_file_changes BEFORE UPDATE OF message, name ON files BEGIN
    INSERT INTO search_index (search_index, rowid, document)
    SELECT 'delete', id, search_document(
        conversation, direction, kind, text, (SELECT name FROM files WHERE message = messages.id)
    )
    FROM messages WHERE id IN (OLD.message, NEW.message) AND id >= (SELECT indexed_from FROM search_state); END;

CREATE TRIGGER search_after_file_changed AFTER UPDATE OF message, name ON files BEGIN
    INSERT INTO search_index (rowid, document)
    SELECT id, search_document(
        conversation, direction, kind, text, (SELECT name FROM files WHERE message = messages.id)
    )
    FROM messages WHERE id IN (OLD.message, NEW.message) AND id >= (SELECT indexed_from FROM search_state); END;

CREATE TRIGGER search_before_file_goes BEFORE DELETE ON files WHEN OLD.message IS NOT NULL BEGIN
    INSERT INTO search_index (search_index, rowid, document)
    SELECT 'delete', id, search_document(conversation, direction, kind, text, OLD.name)
    FROM messages WHERE id = OLD.message AND id >= (SELECT indexed_from FROM search_state); END;

CREATE TRIGGER search_after_file_went AFTER DELETE ON files WHEN OLD.message IS NOT NULL BEGIN
    INSERT INTO search_index (rowid, document)
    SELECT id, search_document(conversation, direction, kind, text, NULL)
    FROM messages WHERE id = OLD.message AND id >= (SELECT indexed_from FROM search_state); END;
