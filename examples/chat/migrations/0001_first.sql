CREATE TABLE "deliveries" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "room_id" INTEGER NOT NULL REFERENCES "rooms" ("id") ON DELETE CASCADE
) STRICT;

CREATE INDEX "deliveries_room_id_index" ON "deliveries" ("room_id");

CREATE TABLE "hooks" (
  "room_id" INTEGER PRIMARY KEY NOT NULL REFERENCES "rooms" ("id") ON DELETE CASCADE,
  "secret" TEXT NOT NULL
) STRICT;

CREATE TABLE "members" (
  "id" INTEGER PRIMARY KEY NOT NULL,
  "name" TEXT NOT NULL
) STRICT;

CREATE TABLE "memberships" (
  "org_id" TEXT NOT NULL REFERENCES "orgs" ("id") ON DELETE CASCADE,
  "user_id" INTEGER NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("org_id", "user_id")
) STRICT;

CREATE INDEX "memberships_user_id_index" ON "memberships" ("user_id");

CREATE TABLE "messages" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "room_id" INTEGER NOT NULL REFERENCES "rooms" ("id") ON DELETE CASCADE,
  "author_id" INTEGER NOT NULL,
  "author" TEXT NOT NULL,
  "text" TEXT NOT NULL,
  "sent_at" INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)
) STRICT;

CREATE INDEX "messages_room_id_id_index" ON "messages" ("room_id", "id");

CREATE TABLE "orgs" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "name" TEXT NOT NULL,
  "invitation" TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX "orgs_invitation_unique" ON "orgs" ("invitation");

CREATE TABLE "reactions" (
  "message_id" INTEGER NOT NULL REFERENCES "messages" ("id") ON DELETE CASCADE,
  "member_id" INTEGER NOT NULL REFERENCES "members" ("id") ON DELETE CASCADE,
  "emoji" TEXT NOT NULL,
  "room_id" INTEGER NOT NULL REFERENCES "rooms" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("message_id", "member_id", "emoji")
) STRICT;

CREATE INDEX "reactions_member_id_index" ON "reactions" ("member_id");

CREATE INDEX "reactions_room_id_index" ON "reactions" ("room_id");

CREATE TABLE "reminders" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "member_id" INTEGER NOT NULL REFERENCES "members" ("id") ON DELETE CASCADE,
  "text" TEXT NOT NULL,
  "at" INTEGER NOT NULL,
  "rang" INTEGER NOT NULL,
  "job" INTEGER
) STRICT;

CREATE INDEX "reminders_member_id_index" ON "reminders" ("member_id");

CREATE TABLE "rooms" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "name" TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX "rooms_name_unique" ON "rooms" ("name");

CREATE TABLE "seats" (
  "room_id" INTEGER NOT NULL REFERENCES "rooms" ("id") ON DELETE CASCADE,
  "member_id" INTEGER NOT NULL REFERENCES "members" ("id") ON DELETE CASCADE,
  "unread" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("room_id", "member_id")
) STRICT;

CREATE INDEX "seats_member_id_index" ON "seats" ("member_id");

CREATE TABLE "users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "name" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)
) STRICT;

CREATE UNIQUE INDEX "users_key_unique" ON "users" ("key");
