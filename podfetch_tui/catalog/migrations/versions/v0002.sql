ALTER TABLE feed ADD COLUMN own_priority INTEGER;
ALTER TABLE feed ADD COLUMN own_title TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN user_agent TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN feed_max INTEGER;
ALTER TABLE feed ADD COLUMN allow_private TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN auth TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN redirect_url TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN redirect_by TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN redirect_seen INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE feed ADD COLUMN redirect_since INTEGER;
ALTER TABLE feed ADD COLUMN merged_into INTEGER;
ALTER TABLE feed ADD COLUMN rhythm_ms INTEGER;
ALTER TABLE feed ADD COLUMN ttl_s INTEGER;
ALTER TABLE feed ADD COLUMN skip_hours INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE feed ADD COLUMN skip_days INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE feed ADD COLUMN page_url TEXT DEFAULT '' NOT NULL;
ALTER TABLE feed ADD COLUMN quarantined_at INTEGER;
ALTER TABLE feed ADD COLUMN snoozed_until INTEGER;
ALTER TABLE feed ADD COLUMN probation INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE feed ADD COLUMN failed_days INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE feed ADD COLUMN failed_day INTEGER;
ALTER TABLE list_source ADD COLUMN digest BLOB;
CREATE INDEX ix_list_source_list ON list_source (list);
ALTER TABLE feed_tag ADD COLUMN depth INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE episode ADD COLUMN own_path TEXT DEFAULT '' NOT NULL;
UPDATE feed SET own_priority = priority WHERE priority <> 0;
UPDATE feed SET quarantined_at = state_at WHERE state = 'quarantined';
ALTER TABLE outcome ADD COLUMN sha256 BLOB;
ALTER TABLE derivative ADD COLUMN source_url TEXT DEFAULT '' NOT NULL;
ALTER TABLE derivative ADD COLUMN media_type TEXT DEFAULT '' NOT NULL;
CREATE INDEX ix_derivative_source ON derivative (source_url) WHERE source_url != '';
ALTER TABLE operator_action ADD COLUMN was TEXT DEFAULT '' NOT NULL;
ALTER TABLE operator_action ADD COLUMN undone_at INTEGER;
ALTER TABLE operator_action ADD COLUMN became TEXT DEFAULT '' NOT NULL;
ALTER TABLE operator_action ADD COLUMN operation INTEGER;
CREATE INDEX ix_operator_action_operation ON operator_action (operation) WHERE operation IS NOT NULL;
CREATE INDEX ix_operator_action_at ON operator_action (at);
CREATE INDEX ix_operator_action_feed ON operator_action (feed_id) WHERE feed_id IS NOT NULL;
CREATE TABLE feed_body (
    feed_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    content_type TEXT DEFAULT '' NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (feed_id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
) STRICT;
CREATE TABLE list_state (
    list TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    held INTEGER DEFAULT 0 NOT NULL,
    unreadable INTEGER DEFAULT 0 NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    digest BLOB,
    PRIMARY KEY (list)
) WITHOUT ROWID, STRICT;
CREATE TABLE event (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    feed_id INTEGER,
    episode_id INTEGER,
    family TEXT,
    code TEXT DEFAULT '' NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX ix_event_at ON event (at);
CREATE INDEX ix_event_feed ON event (feed_id, at) WHERE feed_id IS NOT NULL;
CREATE TABLE host (
    name TEXT NOT NULL,
    breaker TEXT DEFAULT 'closed' NOT NULL,
    opened INTEGER DEFAULT 0 NOT NULL,
    open_until INTEGER,
    not_before INTEGER,
    last_error TEXT DEFAULT '' NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (name),
    CONSTRAINT ck_host_breaker CHECK (breaker IN ('closed', 'open', 'half_open'))
) WITHOUT ROWID, STRICT;
CREATE TABLE identity (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID, STRICT;
ALTER TABLE batch ADD COLUMN feeds INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE batch_feed DROP COLUMN done_at;
CREATE INDEX ix_batch_open ON batch (id) WHERE finished_at IS NULL;
CREATE TABLE erasure (
    path TEXT NOT NULL,
    episode_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (path),
    FOREIGN KEY(episode_id) REFERENCES episode (id)
) WITHOUT ROWID, STRICT;
CREATE INDEX ix_episode_new ON episode (first_seen_at) WHERE rank = 0 AND next_attempt_at IS NOT NULL;
ALTER TABLE outcome_day ADD COLUMN family TEXT;
CREATE INDEX ix_outcome_day_feed ON outcome_day (feed_id, day);
CREATE INDEX ix_outcome_kind ON outcome (job, result, at) WHERE NOT (job = 'poll' AND result = 'success');
