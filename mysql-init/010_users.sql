-- Who may use the API and the editor, their refresh tokens, and answers kept for Idempotency-Key.
CREATE TABLE IF NOT EXISTS users (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(254) NOT NULL,
  name VARCHAR(100) NOT NULL DEFAULT '',
  last_name VARCHAR(100) NOT NULL DEFAULT '',
  role ENUM('admin', 'operator', 'viewer') NOT NULL DEFAULT 'viewer',
  client_id INT UNSIGNED NULL COMMENT 'sees the resources of this client only',
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'argon2id, PHC string',
  token_version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'tokens of an older version are refused',
  version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'grows with each edit: ETag, If-Match',
  create_date DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  UNIQUE KEY users_email (email)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row a refresh token ever issued; a family is what one login became by rotation.
CREATE TABLE IF NOT EXISTS refresh_tokens (
  token_hash BINARY(32) NOT NULL PRIMARY KEY COMMENT 'SHA-256: the token itself is never stored',
  family CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL COMMENT 'rotated: seen again, it was stolen',
  revoked_at DATETIME(3) NULL,
  KEY refresh_tokens_family (family),
  KEY refresh_tokens_expiry (expires_at),
  CONSTRAINT refresh_tokens_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS idempotency_keys (
  scope_hash BINARY(32) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of user, method, path and key',
  body_hash BINARY(32) NOT NULL,
  answer MEDIUMBLOB NULL COMMENT 'status, headers and body, AES-256-GCM; NULL while the first request runs',
  create_date DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  KEY idempotency_keys_age (create_date)
) ENGINE = InnoDB;

INSERT INTO schema_migrations (name) VALUES ('010_users') ON DUPLICATE KEY UPDATE name = name;
