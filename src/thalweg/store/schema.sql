-- The run store. Times are UTC. JSON columns may hold NaN and Infinity, as Python writes them (a REAL column
-- would turn NaN into NULL).

CREATE TABLE IF NOT EXISTS study (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,  -- kind and number: compare-0001
  kind TEXT NOT NULL,
  problem TEXT NOT NULL,
  command TEXT NOT NULL,
  started TEXT NOT NULL DEFAULT (datetime('now')),
  finished TEXT,
  status TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'interrupted')),
  result TEXT,  -- JSON of what the study found
  spec TEXT  -- JSON of what it takes to go on with the study; NULL if it cannot
);

CREATE TABLE IF NOT EXISTS run (
  id TEXT PRIMARY KEY,  -- study and run: compare-0001/adam-3
  study TEXT NOT NULL REFERENCES study (id),
  problem TEXT NOT NULL,
  config TEXT NOT NULL,  -- JSON of the Config
  total_epochs INTEGER NOT NULL,
  started TEXT NOT NULL DEFAULT (datetime('now')),
  outcome TEXT,  -- NULL until the run has ended
  result TEXT  -- JSON of the Run
);

CREATE INDEX IF NOT EXISTS run_of_study ON run (study);

CREATE TABLE IF NOT EXISTS epoch (
  run TEXT NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,
  measured TEXT NOT NULL,  -- JSON of the Epoch
  PRIMARY KEY (run, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS quantities (  -- what is measured in an update of a loop that is watched, the same in most
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES run (id),
  names TEXT NOT NULL,  -- JSON list
  UNIQUE (run, names)
);

CREATE TABLE IF NOT EXISTS point (  -- an update of a loop that is watched
  run TEXT NOT NULL REFERENCES run (id),
  step INTEGER NOT NULL,
  quantities INTEGER NOT NULL REFERENCES quantities (id),
  numbers BLOB NOT NULL,  -- their values, 8 bytes each, little-endian IEEE
  PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS finding (
  run TEXT NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,
  found TEXT NOT NULL,  -- JSON of the Finding
  PRIMARY KEY (run, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS holder (  -- who sweeps, while the lock beside this file is held
  one INTEGER PRIMARY KEY CHECK (one = 1),
  study TEXT REFERENCES study (id),
  process INTEGER NOT NULL,
  since TEXT NOT NULL
);
