-- warning: `posts.author_id` references `users.id` now: the migration fails where a row references nothing.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_posts" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "title" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
) STRICT;
INSERT INTO "_edgepod_new_posts" ("id", "title", "author_id") SELECT "id", "title", "author_id" FROM "posts";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_posts';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_posts', seq FROM sqlite_sequence WHERE name = 'posts';
DROP TABLE "posts";
ALTER TABLE "_edgepod_new_posts" RENAME TO "posts";
