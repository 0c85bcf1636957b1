-- Ids are UUIDs in 16 bytes, times are milliseconds since 1970. Rooms have a small number of
-- their own inside, so that a row of the log is small and a room made anew under an old id
-- shares nothing with the one before it.

CREATE TABLE user (
    id                  BLOB PRIMARY KEY,
    folded              TEXT UNIQUE,          -- NULL once the account is closed: the name is free
    username            TEXT NOT NULL,
    display_name        TEXT NOT NULL,
    folded_display_name TEXT NOT NULL,
    password_hash       TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    state               TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'closed'))
) STRICT, WITHOUT ROWID;
CREATE INDEX user_closing ON user (id) WHERE state = 'closing';

CREATE TABLE session (
    id         BLOB PRIMARY KEY,
    user       BLOB NOT NULL,
    agent      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user);
CREATE INDEX session_end ON session (ends_at);

CREATE TABLE token (
    hash     BLOB PRIMARY KEY,
    session  BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    spent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_session ON token (session);

CREATE TABLE room (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         BLOB UNIQUE,                   -- NULL once deleted: what is left waits to be purged
    kind       TEXT NOT NULL,
    name       TEXT,
    head       INTEGER NOT NULL,
    posted     INTEGER NOT NULL,
    members    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE member (
    seat        INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they came
    user        BLOB NOT NULL,
    room        INTEGER NOT NULL,
    opened      INTEGER NOT NULL,             -- 0: has not asked for this direct room yet
    read_rev    INTEGER NOT NULL,
    read_posted INTEGER NOT NULL,
    UNIQUE (user, room)
) STRICT;
CREATE INDEX member_room ON member (room);

-- The log: what happened, by reference. Bodies are in `message` alone, so what an edit replaced
-- or a deletion removed is not in here.
CREATE TABLE event (
    room    INTEGER NOT NULL,
    rev     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    by      BLOB NOT NULL,
    op      BLOB NOT NULL,
    posted  INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    message INTEGER,                          -- the rev at which the message was posted
    user    BLOB,
    detail  TEXT,                             -- an emoji, a room's name, how a room began
    PRIMARY KEY (room, rev)
) STRICT, WITHOUT ROWID;
-- One operation of one author is one event, for ever. It begins with the op because that is a
-- message's id, too.
CREATE UNIQUE INDEX event_op ON event (op, by);

-- Messages as they are now.
CREATE TABLE message (
    room      INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    id        BLOB NOT NULL,
    author    BLOB NOT NULL,
    at        INTEGER NOT NULL,
    body      TEXT,                           -- NULL: deleted
    reply_to  BLOB,
    edited_at INTEGER,
    PRIMARY KEY (room, rev)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_author ON message (author) WHERE body IS NOT NULL;

CREATE TABLE reaction (
    room    INTEGER NOT NULL,
    message INTEGER NOT NULL,
    emoji   TEXT NOT NULL,
    user    BLOB NOT NULL,
    rev     INTEGER NOT NULL,                 -- when it came: first comers are shown first
    PRIMARY KEY (room, message, emoji, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX reaction_user ON reaction (user);

-- Written by the readiness probe alone, so that it finds out whether writing works.
CREATE TABLE pulse (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO pulse VALUES (1, 0);
