PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_likes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "post_id" INTEGER NOT NULL REFERENCES "_edgepod_new_posts" ("id") ON DELETE CASCADE
) STRICT;
CREATE TABLE "_edgepod_new_posts" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "title" TEXT NOT NULL,
  "author_id" INTEGER NOT NULL REFERENCES "_edgepod_new_users" ("id") ON DELETE CASCADE
) STRICT;
CREATE TABLE "_edgepod_new_users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "email" TEXT NOT NULL,
  "name" TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "_edgepod_new_likes" ("id", "post_id") SELECT "id", "post_id" FROM "likes";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_likes';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_likes', seq FROM sqlite_sequence WHERE name = 'likes';
INSERT INTO "_edgepod_new_posts" ("id", "title", "author_id") SELECT "id", "title", "author_id" FROM "posts";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_posts';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_posts', seq FROM sqlite_sequence WHERE name = 'posts';
INSERT INTO "_edgepod_new_users" ("id", "email", "name") SELECT "id", "email", coalesce("name", '') FROM "users";
DELETE FROM sqlite_sequence WHERE name = '_edgepod_new_users';
INSERT INTO sqlite_sequence (name, seq) SELECT '_edgepod_new_users', seq FROM sqlite_sequence WHERE name = 'users';
DROP TABLE "likes";
DROP TABLE "posts";
DROP TABLE "users";
ALTER TABLE "_edgepod_new_likes" RENAME TO "likes";
ALTER TABLE "_edgepod_new_posts" RENAME TO "posts";
ALTER TABLE "_edgepod_new_users" RENAME TO "users";
CREATE INDEX "posts_author_id_index" ON "posts" ("author_id");
CREATE UNIQUE INDEX "users_email_unique" ON "users" ("email");
