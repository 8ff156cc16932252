CREATE INDEX "users_city_index" ON "users" ("city");
