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
  return {
    filter: levels.map((level, index) => (names[index] ? '+' : level)).join('/'),
    match(topic) {
      const parts = topic.split('/');
      if (parts.length !== levels.length) return undefined;
      const params: Record<string, string> = {};
      for (let index = 0; index < parts.length; index++) {
        const name = names[index];
        if (name) params[name] = parts[index]!;
        else if (parts[index] !== levels[index]) return undefined;
      }
      return params;
    },
  };
}
