CREATE TABLE "posts" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "title" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
) STRICT;
CREATE INDEX "posts_author_id_index" ON "posts" ("author_id");
