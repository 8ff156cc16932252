PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_users" (
  "id" INTEGER PRIMARY KEY NOT NULL,
  "name" TEXT
) STRICT;
INSERT INTO "_edgepod_new_users" ("id", "name") SELECT "id", "name" FROM "users";
DROP TABLE "users";
ALTER TABLE "_edgepod_new_users" RENAME TO "users";
