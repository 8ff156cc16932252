ALTER TABLE "seats" RENAME COLUMN "row" TO "line";
CREATE UNIQUE INDEX "seats_line_number_unique" ON "seats" ("line", "number");
DROP INDEX "seats_row_number_unique";
