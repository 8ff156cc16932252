-- warning: `users.a` no longer takes NULL: the migration fails where a row has one.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "a" TEXT NOT NULL
) STRICT;
INSERT INTO "_edgepod_new_users" ("id", "a") SELECT "id", "a" FROM "users";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_users';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_users', seq FROM sqlite_sequence WHERE name = 'users';
DROP TABLE "users";
ALTER TABLE "_edgepod_new_users" RENAME TO "users";
