PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_my ""users""" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "a b" TEXT NOT NULL DEFAULT '',
  "c""d" TEXT
) STRICT;
INSERT INTO "_edgepod_new_my ""users""" ("id", "a b") SELECT "id", coalesce("a b", '') FROM "my ""users""";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_my "users"';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_my "users"', seq FROM sqlite_sequence WHERE name = 'my "users"';
DROP TABLE "my ""users""";
ALTER TABLE "_edgepod_new_my ""users""" RENAME TO "my ""users""";
