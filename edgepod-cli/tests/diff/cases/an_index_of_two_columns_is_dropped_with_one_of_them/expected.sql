-- loses: the column `number` of the table `seats`
DROP INDEX "seats_row_number_unique";
ALTER TABLE "seats" DROP COLUMN "number";
