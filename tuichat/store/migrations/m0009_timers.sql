-- Messages that disappear. `timer`: after how many seconds a text does; of a line about the timer, what it was set to.
-- `expires_at`: when the message is deleted, in milliseconds of Unix time.
ALTER TABLE messages ADD COLUMN timer INTEGER;
ALTER TABLE messages ADD COLUMN expires_at INTEGER;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;

-- What both people have agreed on: seconds, 0 for off, and which of two changes is the later one.
ALTER TABLE conversations ADD COLUMN timer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN timer_revision INTEGER NOT NULL DEFAULT 0;

-- After how many seconds messages are deleted here, 0 for never; NULL is as the settings say.
ALTER TABLE conversations ADD COLUMN retention INTEGER;
