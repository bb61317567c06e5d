/** Devices and observers in tests. */
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';

export interface Received<Payload = any> {
  topic: string;
  /** Parsed where it is JSON, otherwise the text. */
  payload: Payload;
  packet: IPublishPacket;
}

const TIMEOUT = 10_000;

/** Connects; rejects where the broker refuses. It does not reconnect unless `reconnectPeriod` is given. */
export function connectMqtt(url: string, options: IClientOptions): Promise<MqttClient> {
  return mqtt.connectAsync(url, {
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    protocolVersion: 5,
    ...options,
  });
}

/**
 * The next message on a topic that matches the filter and satisfies the predicate. It does not subscribe: call it
 * before what causes the message, and await it afterwards.
 * @throws Error after `timeout` ms, naming what arrived instead
 */
export function nextMessage<Payload = any>(
  client: MqttClient,
  filter: string,
  predicate: (received: Received<Payload>) => boolean = () => true,
  timeout = TIMEOUT,
): Promise<Received<Payload>> {
  const matches = topicMatcher(filter);
  const seen: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Received<Payload>>();
  const onMessage = (topic: string, bytes: Buffer, packet: IPublishPacket) => {
    const received = { topic, payload: parse(bytes), packet };
    if (matches(topic) && predicate(received)) resolve(received);
    else seen.push(`${topic} ${bytes.toString('utf8', 0, 200)}`);
  };
  const timer = setTimeout(() => {
    const instead = seen.length ? `these did not match:\n${seen.slice(-10).join('\n')}` : 'nothing arrived';
    reject(new Error(`No message on ${filter} within ${timeout} ms; ${instead}`));
  }, timeout);
  client.on('message', onMessage);
  return promise.finally(() => {
    clearTimeout(timer);
    client.off('message', onMessage);
  });
}

/** Whether a topic matches a filter with `+` and `#` (MQTT 5 §4.7). */
export function topicMatcher(filter: string): (topic: string) => boolean {
  const levels = filter.split('/');
  return (topic) => {
    const parts = topic.split('/');
    const rest = levels.indexOf('#');
    if (rest < 0 ? parts.length !== levels.length : parts.length < rest) return false;
    return levels.every((level, i) => level === '#' || level === '+' || level === parts[i]);
  };
}

function parse(bytes: Buffer): any {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
