CREATE TABLE batch (
    id INTEGER NOT NULL,
    planned_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (id)
) STRICT;
CREATE TABLE feed (
    id INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    folder TEXT DEFAULT '' NOT NULL,
    folder_key BLOB,
    state TEXT DEFAULT 'active' NOT NULL,
    state_reason TEXT DEFAULT '' NOT NULL,
    state_at INTEGER DEFAULT 0 NOT NULL,
    probes INTEGER DEFAULT 0 NOT NULL,
    priority INTEGER DEFAULT 0 NOT NULL,
    interval_s INTEGER,
    backlog_kind TEXT,
    backlog_count INTEGER DEFAULT 0 NOT NULL,
    backlog_since INTEGER DEFAULT 0 NOT NULL,
    etag TEXT,
    last_modified TEXT,
    body_sha256 BLOB,
    last_full_at INTEGER,
    last_poll_at INTEGER,
    polls_ok INTEGER DEFAULT 0 NOT NULL,
    next_poll_at INTEGER DEFAULT 0 NOT NULL,
    breaker TEXT DEFAULT 'closed' NOT NULL,
    consecutive_failures INTEGER DEFAULT 0 NOT NULL,
    opened INTEGER DEFAULT 0 NOT NULL,
    open_until INTEGER,
    first_failure_at INTEGER,
    last_success_at INTEGER,
    last_error TEXT,
    last_family TEXT,
    last_status INTEGER,
    added_at INTEGER DEFAULT 0 NOT NULL,
    episodes INTEGER DEFAULT 0 NOT NULL,
    archived INTEGER DEFAULT 0 NOT NULL,
    pending INTEGER DEFAULT 0 NOT NULL,
    failed INTEGER DEFAULT 0 NOT NULL,
    bytes INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_feed_url UNIQUE (url),
    CONSTRAINT uq_feed_folder UNIQUE (folder_key),
    CONSTRAINT ck_feed_state CHECK (state IN ('active', 'paused', 'quarantined', 'gone', 'retired')),
    CONSTRAINT ck_feed_breaker CHECK (breaker IN ('closed', 'open', 'half_open')),
    CONSTRAINT ck_feed_backlog CHECK (backlog_kind IN ('all', 'none', 'newest', 'since'))
) STRICT;
CREATE INDEX ix_feed_cooling ON feed (breaker) WHERE breaker != 'closed';
CREATE INDEX ix_feed_due ON feed (state, priority, next_poll_at);
CREATE TABLE media (
    id INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    container TEXT DEFAULT '' NOT NULL,
    codec TEXT DEFAULT '' NOT NULL,
    duration_s REAL,
    bit_rate INTEGER,
    sample_rate INTEGER,
    channels INTEGER,
    video INTEGER DEFAULT 0 NOT NULL,
    validity TEXT NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    origin TEXT DEFAULT 'download' NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    published_at INTEGER,
    sealed_at INTEGER NOT NULL,
    checked_at INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT uq_media_sha256 UNIQUE (sha256),
    CONSTRAINT ck_media_validity CHECK (validity IN ('valid', 'suspect', 'unverified'))
) STRICT;
CREATE TABLE setting_change (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE TABLE tally (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
)  WITHOUT ROWID, STRICT;
CREATE TABLE batch_feed (
    batch_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    done_at INTEGER,
    PRIMARY KEY (batch_id, feed_id),
    FOREIGN KEY(batch_id) REFERENCES batch (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)  WITHOUT ROWID, STRICT;
CREATE TABLE episode (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    guid TEXT DEFAULT '' NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    published INTEGER,
    enclosure_url TEXT DEFAULT '' NOT NULL,
    enclosure_type TEXT DEFAULT '' NOT NULL,
    enclosure_length INTEGER,
    first_seen_at INTEGER NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    rank INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at INTEGER,
    attempts INTEGER DEFAULT 0 NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    path_key BLOB,
    part TEXT DEFAULT '' NOT NULL,
    durable INTEGER DEFAULT 0 NOT NULL,
    total INTEGER,
    etag TEXT,
    last_modified TEXT,
    resume_failures INTEGER DEFAULT 0 NOT NULL,
    media_id INTEGER,
    archived_at INTEGER,
    family TEXT DEFAULT '' NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    evidence BLOB,
    PRIMARY KEY (id),
    CONSTRAINT ck_episode_state CHECK (state IN ('pending', 'claimed', 'sealed', 'archived', 'failed', 'skipped', 'gone', 'missing', 'deleted')),
    CONSTRAINT ck_episode_rank CHECK (rank BETWEEN 0 AND 3),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(media_id) REFERENCES media (id)
) STRICT;
CREATE INDEX ix_episode_due ON episode (rank, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_episode_feed ON episode (feed_id);
CREATE INDEX ix_episode_media ON episode (media_id) WHERE media_id IS NOT NULL;
CREATE INDEX ix_episode_part ON episode (part) WHERE part != '';
CREATE INDEX ix_episode_state ON episode (state);
CREATE UNIQUE INDEX uq_episode_path ON episode (path_key) WHERE path_key IS NOT NULL;
CREATE TABLE feed_note (
    feed_id INTEGER NOT NULL,
    metadata TEXT DEFAULT '' NOT NULL,
    evidence BLOB,
    PRIMARY KEY (feed_id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
) STRICT;
CREATE TABLE feed_tag (
    feed_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    list TEXT NOT NULL,
    PRIMARY KEY (feed_id, tag, list),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)  WITHOUT ROWID, STRICT;
CREATE INDEX ix_feed_tag_tag ON feed_tag (tag);
CREATE TABLE feed_url (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    url TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
) STRICT;
CREATE INDEX ix_feed_url_feed ON feed_url (feed_id);
CREATE INDEX ix_feed_url_url ON feed_url (url);
CREATE TABLE list_source (
    feed_id INTEGER NOT NULL,
    list TEXT NOT NULL,
    line INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (feed_id, list),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)  WITHOUT ROWID, STRICT;
CREATE TABLE outcome_day (
    day INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    job TEXT NOT NULL,
    result TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (day, feed_id, job, result, code),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)  WITHOUT ROWID, STRICT;
CREATE TABLE derivative (
    episode_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    path TEXT DEFAULT '' NOT NULL,
    path_key BLOB,
    sha256 BLOB,
    bytes INTEGER DEFAULT 0 NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at INTEGER,
    PRIMARY KEY (episode_id, kind),
    CONSTRAINT ck_derivative_state CHECK (state IN ('pending', 'done', 'failed')),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
)  WITHOUT ROWID, STRICT;
CREATE INDEX ix_derivative_due ON derivative (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_derivative_failed ON derivative (episode_id) WHERE state = 'failed';
CREATE INDEX ix_derivative_path ON derivative (path_key) WHERE path_key IS NOT NULL;
CREATE TABLE episode_key (
    feed_id INTEGER NOT NULL,
    "key" BLOB NOT NULL,
    episode_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    text TEXT,
    PRIMARY KEY (feed_id, "key"),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
)  WITHOUT ROWID, STRICT;
CREATE TABLE episode_note (
    episode_id INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (episode_id),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
) STRICT;
CREATE TABLE operator_action (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    feed_id INTEGER,
    episode_id INTEGER,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
) STRICT;
CREATE TABLE outcome (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    job TEXT NOT NULL,
    result TEXT NOT NULL,
    feed_id INTEGER NOT NULL,
    episode_id INTEGER,
    family TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    status INTEGER,
    host TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ck_outcome_job CHECK (job IN ('poll', 'download', 'derive')),
    CONSTRAINT ck_outcome_result CHECK (result IN ('success', 'partial', 'failure', 'deferred', 'stopped')),
    CONSTRAINT ck_outcome_family CHECK (family IN ('transient', 'deferred', 'permanent', 'malformed', 'refused', 'system')),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
) STRICT;
CREATE INDEX ix_outcome_at ON outcome (at);
CREATE INDEX ix_outcome_feed ON outcome (feed_id);
INSERT INTO tally (name, value) VALUES ('episode:pending', 0);
INSERT INTO tally (name, value) VALUES ('episode:claimed', 0);
INSERT INTO tally (name, value) VALUES ('episode:sealed', 0);
INSERT INTO tally (name, value) VALUES ('episode:archived', 0);
INSERT INTO tally (name, value) VALUES ('episode:failed', 0);
INSERT INTO tally (name, value) VALUES ('episode:skipped', 0);
INSERT INTO tally (name, value) VALUES ('episode:gone', 0);
INSERT INTO tally (name, value) VALUES ('episode:missing', 0);
INSERT INTO tally (name, value) VALUES ('episode:deleted', 0);
INSERT INTO tally (name, value) VALUES ('media:files', 0);
INSERT INTO tally (name, value) VALUES ('media:bytes', 0);
