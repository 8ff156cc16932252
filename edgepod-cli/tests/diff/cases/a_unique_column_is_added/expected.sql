ALTER TABLE "users" ADD COLUMN "slug" TEXT;
CREATE UNIQUE INDEX "users_slug_unique" ON "users" ("slug");
