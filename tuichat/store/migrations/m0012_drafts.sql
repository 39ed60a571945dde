-- Until when a draft is kept, in milliseconds of Unix time: one that was written where messages disappear does so, too.
ALTER TABLE conversations ADD COLUMN draft_ends INTEGER;
CREATE INDEX conversations_draft_ends ON conversations (draft_ends) WHERE draft_ends IS NOT NULL;
