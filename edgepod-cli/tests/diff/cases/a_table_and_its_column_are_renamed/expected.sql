ALTER TABLE "users" RENAME TO "people";
ALTER TABLE "people" RENAME COLUMN "name" TO "full_name";
CREATE UNIQUE INDEX "people_email_unique" ON "people" ("email");
DROP INDEX "users_email_unique";
