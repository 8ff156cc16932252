PRAGMA defer_foreign_keys = ON;

CREATE TABLE "_edgepod_new_notes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "body" TEXT NOT NULL,
  "slug" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL REFERENCES "authors" ("id") ON DELETE CASCADE
) STRICT;

INSERT INTO "_edgepod_new_notes" ("id", "body", "slug", "author_id") SELECT "id", "body", "slug", "author_id" FROM "notes";

DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_notes';

INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_notes', seq FROM sqlite_sequence WHERE name = 'notes';

DROP TABLE "notes";

ALTER TABLE "_edgepod_new_notes" RENAME TO "notes";

CREATE INDEX "notes_author_id_index" ON "notes" ("author_id");
