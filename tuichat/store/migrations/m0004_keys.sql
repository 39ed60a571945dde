-- Another signing key than the pinned one, as the contact's address showed it; whether the person refused it.
ALTER TABLE contacts ADD COLUMN other_sig BLOB;
ALTER TABLE contacts ADD COLUMN other_refused INTEGER NOT NULL DEFAULT 0;

-- The highest version of the protocol that a link with the contact had.
ALTER TABLE contacts ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
