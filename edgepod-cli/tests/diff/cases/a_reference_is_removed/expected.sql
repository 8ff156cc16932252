PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_posts" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "title" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL
) STRICT;
INSERT INTO "_edgepod_new_posts" ("id", "title", "author_id") SELECT "id", "title", "author_id" FROM "posts";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_posts';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_posts', seq FROM sqlite_sequence WHERE name = 'posts';
DROP TABLE "posts";
ALTER TABLE "_edgepod_new_posts" RENAME TO "posts";
CREATE INDEX "posts_author_id_index" ON "posts" ("author_id");
