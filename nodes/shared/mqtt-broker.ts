/** Node-RED's own `mqtt-broker` config node: it says where a broker is and as whom to connect; sessions are ours. */
import { setTimeout as delay } from 'node:timers/promises';
import type { IClientOptions, IDisconnectPacket, MqttClient } from 'mqtt';
import type { Red, RedNode } from './red.ts';

interface BrokerNode extends RedNode {
  brokerurl: string;
  options: IClientOptions;
}

/** The address of a broker, and the account, TLS and the like, without what belongs to the node's own session. */
export function brokerConnection(
  red: Red,
  id: string | undefined,
): { url: string; connection: IClientOptions } {
  const broker = id ? (red.nodes.getNode(id) as BrokerNode | null) : null;
  if (!broker?.brokerurl) throw new Error('No MQTT broker is chosen.');
  const { will, properties, clientId, clean, ...connection } = broker.options;
  return { url: broker.brokerurl, connection };
}

/** How long the end of a session waits for the broker before the connection is cut. */
const END_TIMEOUT_MS = 2_000;

/** Ends a session for good: in good order where there is a connection, and in bounded time. */
export async function endSession(
  client: MqttClient,
  disconnect: Partial<IDisconnectPacket> = {},
): Promise<void> {
  // MQTT.js that is ended before it was connected goes on reconnecting, under the client id of whoever follows.
  client.options.reconnectPeriod = 0;
  if (!client.connected) {
    await client.endAsync(true);
    return;
  }
  const cut = new AbortController();
  await Promise.race([
    client.endAsync(false, disconnect),
    // A packet that the broker does not answer would hold it up for ever.
    delay(END_TIMEOUT_MS, undefined, { signal: cut.signal }).then(
      () => client.stream.destroy(),
      () => {},
    ),
  ]);
  cut.abort();
}
