-- warning: `users.city` is unique now: the migration fails where two rows have one value.
CREATE UNIQUE INDEX "users_city_unique" ON "users" ("city");
DROP INDEX "users_city_index";
