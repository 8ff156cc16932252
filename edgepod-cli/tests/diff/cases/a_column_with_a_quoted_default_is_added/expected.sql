ALTER TABLE "users" ADD COLUMN "mood" TEXT NOT NULL DEFAULT 'it''s fine';
