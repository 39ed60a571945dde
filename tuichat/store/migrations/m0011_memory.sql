-- Where what is said is kept: '' on disk, 'on' in memory only, 'left' on disk again, while the memory still has a part.
ALTER TABLE conversations ADD COLUMN memory TEXT NOT NULL DEFAULT '' CHECK (memory IN ('', 'on', 'left'));
