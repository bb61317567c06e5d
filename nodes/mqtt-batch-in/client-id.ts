import { createHmac } from 'node:crypto';

const SECRET_CHARACTERS = 22;

/**
 * The client id of a node's session: the same at each start, because the broker knows the session by it, and
 * nothing that can be guessed. Whoever connects with a client id takes its session over (MQTT 5, 3.1.4-3), and
 * with Clean Start throws away what the broker keeps for it; any account may name any client id.
 *
 * @param key `secretsKey` of the settings, which replicas share
 */
export function sessionClientId(key: Buffer, nodeId: string): string {
  const secret = createHmac('sha256', key).update(`mqtt client id of ${nodeId}`).digest('base64url');
  return `cauce-${nodeId}-${secret.slice(0, SECRET_CHARACTERS)}`;
}
