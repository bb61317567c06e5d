/**
 * Flags of Node for the runtime. By default V8 lets a process that is under load for the first time grow by
 * some 150 MiB before it collects garbage in earnest; ingest that catches up after an outage is such a load.
 * With these it grows by about 15 MiB, and stores as much in a second (`make bench` measures both).
 * The Dockerfile has the same ones.
 */
export const NODE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=20'];
