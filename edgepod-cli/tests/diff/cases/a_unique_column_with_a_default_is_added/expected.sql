-- warning: `users.slug` is unique and starts with its default: the migration fails where the table has two rows or more.
ALTER TABLE "users" ADD COLUMN "slug" TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX "users_slug_unique" ON "users" ("slug");
