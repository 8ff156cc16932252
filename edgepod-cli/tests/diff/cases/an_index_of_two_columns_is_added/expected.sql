CREATE INDEX "seats_row_number_index" ON "seats" ("row", "number");
