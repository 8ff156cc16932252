CREATE TABLE "posts" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "title" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
) STRICT;
CREATE INDEX "posts_author_id_index" ON "posts" ("author_id");
CREATE TABLE "users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "email" TEXT NOT NULL,
  "name" TEXT
) STRICT;
CREATE UNIQUE INDEX "users_email_unique" ON "users" ("email");
