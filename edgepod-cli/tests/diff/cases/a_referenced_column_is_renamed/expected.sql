ALTER TABLE "users" RENAME COLUMN "email" TO "mail";
CREATE UNIQUE INDEX "users_mail_unique" ON "users" ("mail");
DROP INDEX "users_email_unique";
