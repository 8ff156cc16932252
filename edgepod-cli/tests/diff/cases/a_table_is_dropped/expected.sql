-- loses: the table `tags` with all its rows
PRAGMA defer_foreign_keys = ON;
DROP TABLE "tags";
