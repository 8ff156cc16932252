PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_post_tags" (
  "post_id" INTEGER NOT NULL,
  "tag_id" INTEGER NOT NULL,
  PRIMARY KEY ("post_id", "tag_id")
) STRICT;
INSERT INTO "_edgepod_new_post_tags" ("post_id", "tag_id") SELECT "post_id", "tag_id" FROM "post_tags";
DROP TABLE "post_tags";
ALTER TABLE "_edgepod_new_post_tags" RENAME TO "post_tags";
