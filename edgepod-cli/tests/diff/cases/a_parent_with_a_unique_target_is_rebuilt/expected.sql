PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_mails" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "to" TEXT NOT NULL REFERENCES "_edgepod_new_users" ("email") ON DELETE CASCADE
) STRICT;
CREATE TABLE "_edgepod_new_users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "email" TEXT NOT NULL,
  "name" TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX "_edgepod_new_users_email" ON "_edgepod_new_users" ("email");
INSERT INTO "_edgepod_new_mails" ("id", "to") SELECT "id", "to" FROM "mails";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_mails';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_mails', seq FROM sqlite_sequence WHERE name = 'mails';
INSERT INTO "_edgepod_new_users" ("id", "email", "name") SELECT "id", "email", coalesce("name", '') FROM "users";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_users';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_users', seq FROM sqlite_sequence WHERE name = 'users';
DROP TABLE "mails";
DROP TABLE "users";
ALTER TABLE "_edgepod_new_mails" RENAME TO "mails";
ALTER TABLE "_edgepod_new_users" RENAME TO "users";
CREATE UNIQUE INDEX "users_email_unique" ON "users" ("email");
DROP INDEX "_edgepod_new_users_email";
