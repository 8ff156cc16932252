CREATE TABLE "users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "email" TEXT NOT NULL,
  "name" TEXT
) STRICT;
CREATE UNIQUE INDEX "users_email_unique" ON "users" ("email");
