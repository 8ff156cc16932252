-- warning: The columns of `users` stand in another order in the struct than in the database, which adds columns at the end and moves none. Functions and typed statements name their columns; a `SELECT *` of your own gives them as the database has them.
ALTER TABLE "users" ADD COLUMN "middle" TEXT;
