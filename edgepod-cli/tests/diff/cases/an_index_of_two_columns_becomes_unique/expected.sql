-- warning: `row`, `number` of `seats` are unique together now: the migration fails where two rows agree in them.
CREATE UNIQUE INDEX "seats_row_number_unique" ON "seats" ("row", "number");
DROP INDEX "seats_row_number_index";
