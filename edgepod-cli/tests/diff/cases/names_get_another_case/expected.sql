ALTER TABLE "users" RENAME TO "_edgepod_new_Users";
ALTER TABLE "_edgepod_new_Users" RENAME TO "Users";
ALTER TABLE "Users" RENAME COLUMN "name" TO "Name";
DROP INDEX "users_email_unique";
CREATE UNIQUE INDEX "Users_email_unique" ON "Users" ("email");
DROP INDEX "users_name_index";
CREATE INDEX "Users_Name_index" ON "Users" ("Name");
