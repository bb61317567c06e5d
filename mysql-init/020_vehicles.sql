-- Vehicles, what they sent, and what was refused.
-- `no` is the vehicle's number inside the database: it keeps the keys of the large tables narrow.
CREATE TABLE IF NOT EXISTS vehicles (
  no INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(200) NULL,
  state ENUM('pending', 'registered', 'revoked') NOT NULL DEFAULT 'pending',
  claim_hash BINARY(32) NULL COMMENT 'SHA-256 of the claim code, which is shown once',
  claim_expires_at DATETIME(3) NULL,
  claim_request VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NULL
    COMMENT 'who used the code: its redelivered request gets the same answer, any other is refused',
  password_cipher VARBINARY(512) NULL COMMENT 'MQTT password, AES-256-GCM: the broker can be rebuilt from here',
  version INT UNSIGNED NOT NULL DEFAULT 1,
  create_date DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  registered_at DATETIME(3) NULL,
  revoked_at DATETIME(3) NULL,
  UNIQUE KEY vehicles_id (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Clustered by vehicle and device time: a range of one vehicle is one stretch of pages, and so is what
-- retention deletes. `arrival`: microseconds since 1970 at which the runtime received it, unique within a
-- runtime; it breaks ties of `ts` and tells received_at.
-- `boot`, `seq` identify a sample. A device that names no boot has ''; a sample without seq is identified by
-- its content: boot '#' and 63 bits of its hash.
CREATE TABLE IF NOT EXISTS telemetry (
  vehicle_no INT UNSIGNED NOT NULL,
  ts DATETIME(3) NOT NULL,
  arrival BIGINT UNSIGNED NOT NULL,
  boot VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  lat DOUBLE NULL,
  lon DOUBLE NULL,
  alt_m DOUBLE NULL,
  speed_mps DOUBLE NULL,
  heading_deg DOUBLE NULL,
  battery_pct DOUBLE NULL,
  sample_values TEXT NULL COMMENT 'JSON object of further values',
  PRIMARY KEY (vehicle_no, ts, arrival),
  UNIQUE KEY telemetry_identity (vehicle_no, boot, seq)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- How far a boot's sequence is stored without a gap: what `vehicles/{id}/acks` says.
CREATE TABLE IF NOT EXISTS telemetry_streams (
  vehicle_no INT UNSIGNED NOT NULL,
  boot VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  settled_seq BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (vehicle_no, boot)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS vehicle_statuses (
  vehicle_no INT UNSIGNED NOT NULL,
  arrival BIGINT UNSIGNED NOT NULL,
  ts DATETIME(3) NOT NULL COMMENT 'the device''s time, or that of its arrival where it named none',
  state ENUM('idle', 'busy', 'charging', 'error', 'offline') NOT NULL,
  battery_pct DOUBLE NULL,
  errors TEXT NULL COMMENT 'JSON array',
  identity BINARY(16) NOT NULL COMMENT 'a message that is delivered again has the same',
  PRIMARY KEY (vehicle_no, arrival),
  UNIQUE KEY vehicle_statuses_identity (vehicle_no, identity)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Refused traffic, counted by who, where and why.
CREATE TABLE IF NOT EXISTS rejections (
  no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'counting one up costs a number, too: 32 bits would run out',
  vehicle_id VARCHAR(64) NOT NULL,
  topic VARCHAR(255) NOT NULL,
  code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  count INT UNSIGNED NOT NULL DEFAULT 1,
  first_seen DATETIME(3) NOT NULL,
  last_seen DATETIME(3) NOT NULL,
  sample TEXT NULL COMMENT 'the beginning of the last one',
  PRIMARY KEY (vehicle_id, topic, code),
  UNIQUE KEY rejections_no (no)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

INSERT INTO schema_migrations (name) VALUES ('020_vehicles') ON DUPLICATE KEY UPDATE name = name;
