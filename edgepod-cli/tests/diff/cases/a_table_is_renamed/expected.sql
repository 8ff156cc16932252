ALTER TABLE "users" RENAME TO "people";
CREATE UNIQUE INDEX "people_email_unique" ON "people" ("email");
DROP INDEX "users_email_unique";
