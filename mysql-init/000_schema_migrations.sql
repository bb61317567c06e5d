-- What has been applied. The mysql image runs these files on a first start, the migrator ever after:
-- each file may be run again, and enters itself here as its last statement.
CREATE TABLE IF NOT EXISTS schema_migrations (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  applied_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB;
INSERT INTO schema_migrations (name) VALUES ('000_schema_migrations') ON DUPLICATE KEY UPDATE name = name;
