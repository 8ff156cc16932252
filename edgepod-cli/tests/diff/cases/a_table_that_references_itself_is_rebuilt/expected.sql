PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_nodes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "parent_id" INTEGER REFERENCES "_edgepod_new_nodes" ("id") ON DELETE SET NULL,
  "a" INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)
) STRICT;
INSERT INTO "_edgepod_new_nodes" ("id", "parent_id") SELECT "id", "parent_id" FROM "nodes";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_nodes';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_nodes', seq FROM sqlite_sequence WHERE name = 'nodes';
DROP TABLE "nodes";
ALTER TABLE "_edgepod_new_nodes" RENAME TO "nodes";
