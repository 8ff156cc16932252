PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_a" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "b_id" INTEGER REFERENCES "_edgepod_new_b" ("id") ON DELETE CASCADE
) STRICT;
CREATE TABLE "_edgepod_new_b" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "a_id" INTEGER REFERENCES "_edgepod_new_a" ("id") ON DELETE RESTRICT
) STRICT;
INSERT INTO "_edgepod_new_a" ("id", "b_id") SELECT "id", "b_id" FROM "a";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_a';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_a', seq FROM sqlite_sequence WHERE name = 'a';
INSERT INTO "_edgepod_new_b" ("id", "a_id") SELECT "id", "a_id" FROM "b";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_b';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_b', seq FROM sqlite_sequence WHERE name = 'b';
DROP TABLE "a";
CREATE TABLE "a" ("id" UNIQUE);
DROP TABLE "b";
DROP TABLE "a";
ALTER TABLE "_edgepod_new_a" RENAME TO "a";
ALTER TABLE "_edgepod_new_b" RENAME TO "b";
