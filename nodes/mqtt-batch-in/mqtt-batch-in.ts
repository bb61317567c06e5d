/** `mqtt batch in`: a durable consumer. See its help in the editor for what it promises. */
import { compileContract } from '../shared/ingest/contract.ts';
import { brokerConnection } from '../shared/mqtt-broker.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { cauceSettings, type MqttContract } from '../shared/settings.ts';
import { sessionClientId } from './client-id.ts';
import { BatchInController } from './controller.ts';
import { Decoder } from './decoder.ts';
import { IngestMetrics } from './metrics.ts';
import { Session } from './session.ts';
import { topicFilter } from './topic-filter.ts';

interface Config {
  broker: string;
  /** With named levels: vehicles/+vehicle_id/telemetry */
  topic: string;
  /** Name of a contract, or a JSON Schema of one item. */
  contract: string;
  retained: boolean;
  maxAgeDays: number;
  maxAheadMinutes: number;
  batchMessages: number;
  windowMessages: number;
  windowMiB: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MEBIBYTE = 1_048_576;
const MAX_PAYLOAD_BYTES = 262_144;
const BATCH_BYTES = MEBIBYTE;
const LOST_AFTER_MS = 60_000;

// The filter that a node was last deployed with: its session still subscribes to it.
const filters = new Map<string, string>();

export default (red: Red) =>
  registerNode<Config>(red, 'mqtt batch in', ({ node, config }) => {
    const { url, connection } = brokerConnection(red, config.broker);
    const topic = topicFilter(config.topic);
    const formerFilter = filters.get(node.id);
    filters.set(node.id, topic.filter);

    const session = new Session({
      url,
      account: connection,
      clientId: sessionClientId(cauceSettings(red).secretsKey, node.id),
      filter: topic.filter,
      formerFilter,
      window: { messages: Number(config.windowMessages), bytes: Number(config.windowMiB) * MEBIBYTE },
    });
    const controller = new BatchInController({
      session,
      decoder: new Decoder({
        topic,
        contract: compileContract(contractOf(red, config.contract)),
        maxBytes: MAX_PAYLOAD_BYTES,
        maxAge: Number(config.maxAgeDays) * DAY_MS,
        maxAhead: Number(config.maxAheadMinutes) * MINUTE_MS,
        retained: config.retained,
      }),
      metrics: new IngestMetrics(topic.filter),
      limits: { messages: Number(config.batchMessages), bytes: BATCH_BYTES },
      lostAfter: LOST_AFTER_MS,
      emit: (batch) => node.send({ topic: topic.filter, batch }),
      status: (status) => node.status(status),
      warn: (text) => node.warn(text),
    });

    const hold = () => controller.hold();
    const resume = () => controller.resume();
    // Not before the nodes behind this one exist.
    const begin = () => {
      controller.start();
      red.events.on('flows:started', resume);
    };
    red.events.on('flows:stopping', hold);
    red.events.once('flows:started', begin);
    node.on('close', () => {
      red.events.off('flows:stopping', hold);
      red.events.off('flows:started', begin);
      red.events.off('flows:started', resume);
    });
    return controller;
  });

function contractOf(red: Red, text: string): MqttContract {
  if (text.trim().startsWith('{')) return { summary: '', schema: JSON.parse(text) };
  const contract = cauceSettings(red).contracts.mqtt[text];
  if (!contract) throw new Error(`There is no MQTT contract named "${text}".`);
  return contract;
}
