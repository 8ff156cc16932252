DROP INDEX "seats_a_b_c_index";
CREATE INDEX "seats_a_b_c_index" ON "seats" ("a", "b_c");
