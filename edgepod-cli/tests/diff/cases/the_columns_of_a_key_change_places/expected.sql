PRAGMA defer_foreign_keys = ON;
CREATE TABLE "_edgepod_new_post_tags" (
  "tag_id" INTEGER NOT NULL,
  "post_id" INTEGER NOT NULL,
  PRIMARY KEY ("tag_id", "post_id")
) STRICT;
INSERT INTO "_edgepod_new_post_tags" ("tag_id", "post_id") SELECT "tag_id", "post_id" FROM "post_tags";
DROP TABLE "post_tags";
ALTER TABLE "_edgepod_new_post_tags" RENAME TO "post_tags";
