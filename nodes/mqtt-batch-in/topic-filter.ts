import { LRUCache } from 'lru-cache';

/** Topics that are remembered with their levels. */
const CAPACITY = 20_000;

/**
 * A topic filter whose single-level wildcards have names: `vehicles/+vehicle_id/telemetry`. The broker is
 * asked for `vehicles/+/telemetry`, and each message carries `params.vehicle_id`.
 */
export interface TopicFilter {
  /** For the SUBSCRIBE packet. */
  filter: string;
  /** @returns the named levels; undefined when the topic does not match */
  match(topic: string): Record<string, string> | undefined;
}

/** @throws when the pattern is no topic filter, or a wildcard has no name or shares it */
export function topicFilter(pattern: string): TopicFilter {
  const levels = pattern.split('/');
  const names = levels.map((level) => /^\+([A-Za-z_]\w*)$/.exec(level)?.[1]);
  const plain = levels.every((level, index) => names[index] || (level !== '' && !/[+#$]/.test(level)));
  const named = names.filter((name) => name !== undefined);
  if (!plain || new Set(named).size !== named.length) {
    throw new Error(`"${pattern}" is no topic with named levels, such as vehicles/+vehicle_id/telemetry.`);
  }
  const match = (topic: string) => {
    const parts = topic.split('/');
    if (parts.length !== levels.length) return undefined;
    const params: Record<string, string> = {};
    for (let index = 0; index < parts.length; index++) {
      const name = names[index];
      if (name) params[name] = parts[index]!;
      else if (parts[index] !== levels[index]) return undefined;
    }
    return Object.freeze(params);
  };
  // The same few topics come over and over: one object for each, instead of one for each message.
  const matched = new LRUCache<string, Readonly<Record<string, string>>>({ max: CAPACITY });
  return {
    filter: levels.map((level, index) => (names[index] ? '+' : level)).join('/'),
    match(topic) {
      const known = matched.get(topic);
      if (known) return known;
      const params = match(topic);
      if (params) matched.set(topic, params);
      return params;
    },
  };
}
