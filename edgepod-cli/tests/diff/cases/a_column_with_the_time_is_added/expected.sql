PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "email" TEXT NOT NULL,
  "name" TEXT,
  "created_at" INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)
) STRICT;
INSERT INTO "_edgepod_new_users" ("id", "email", "name") SELECT "id", "email", "name" FROM "users";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_users';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_users', seq FROM sqlite_sequence WHERE name = 'users';
DROP TABLE "users";
ALTER TABLE "_edgepod_new_users" RENAME TO "users";
CREATE UNIQUE INDEX "users_email_unique" ON "users" ("email");
