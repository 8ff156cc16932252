-- loses: the column `name` of the table `users`
ALTER TABLE "users" DROP COLUMN "name";
