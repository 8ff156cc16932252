-- loses: the table `a` with all its rows
-- loses: the table `b` with all its rows
PRAGMA defer_foreign_keys = ON;
DROP TABLE "a";
CREATE TABLE "a" ("id" UNIQUE);
DROP TABLE "b";
DROP TABLE "a";
