-- A session's ratchet, encoded; empty while there is no session. Sessions from before have none and begin anew.
ALTER TABLE sessions ADD COLUMN ratchet BLOB NOT NULL DEFAULT x'';
UPDATE sessions SET sid = zeroblob(16);
UPDATE outbox SET seq = 0, envelope = NULL, envelope_hash = NULL;
DELETE FROM outbox WHERE message IS NULL;
DELETE FROM opened;
DELETE FROM held;
