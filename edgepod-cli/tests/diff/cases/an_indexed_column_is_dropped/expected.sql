-- loses: the column `email` of the table `users`
DROP INDEX "users_email_unique";
ALTER TABLE "users" DROP COLUMN "email";
