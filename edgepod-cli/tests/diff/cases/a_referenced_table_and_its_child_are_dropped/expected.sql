-- loses: the table `posts` with all its rows
-- loses: the table `users` with all its rows
PRAGMA defer_foreign_keys = ON;
DROP TABLE "posts";
DROP TABLE "users";
