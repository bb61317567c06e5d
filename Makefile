# README.md says what these do. On the machine only npm is called: everything else runs on the Node 24 that
# `npm ci` brings, whatever Node the machine has.

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
COMPOSE = docker compose --env-file .compose.env
# e.g. make simulate ARGS="--vehicles 100 --rate 5"
ARGS ?=

.PHONY: run test images up down simulate bench install

run: install
	@exec node local/start.ts

test: install
	@exec node tests/run.ts $(ARGS)

simulate: install
	@exec node simulators/run.ts $(ARGS)

bench: install
	@exec node bench/run.ts $(ARGS)

images: .compose.env
	$(COMPOSE) build

up: .compose.env
	$(COMPOSE) up --detach --wait

down: .compose.env
	$(COMPOSE) down

.compose.env:
	@echo 'First: cp .compose.env-example .compose.env, and fill in the passwords as it says.' >&2; exit 1

# The lockfile of what is installed is kept beside it: `npm ci` runs when another one is wanted, and only then.
install:
	@cmp -s package-lock.json node_modules/.installed-lock.json || { \
	  command -v npm >/dev/null || { echo 'npm is not installed (Debian packages: nodejs, npm).' >&2; exit 1; }; \
	  echo 'Installing the packages of package-lock.json'; \
	  npm ci --no-audit --no-fund --no-update-notifier --loglevel=error && cp package-lock.json node_modules/.installed-lock.json; \
	}
