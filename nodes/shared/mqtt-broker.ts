/** Node-RED's own `mqtt-broker` config node: it says where a broker is and as whom to connect; sessions are ours. */
import type { IClientOptions } from 'mqtt';
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
