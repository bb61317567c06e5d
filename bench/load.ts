/**
 * A publisher that costs as little as possible, since it shares the machine with what it measures: packets
 * are encoded before the clock starts and written in bulk, and of the PUBACKs only the number is read.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type IConnackPacket, parser } from 'mqtt-packet';

export interface LoadOptions {
  /** `mqtt://user:password@host:port` */
  url: string;
  /** Topic of the message with this number, and its payload. */
  message(index: number): { topic: string; payload: string };
  count: number;
  /** Messages a second; as fast as the broker takes them when left out. */
  rate?: number;
  /** Published and not yet acknowledged by the broker. */
  inFlight?: number;
}

const MAX_PACKET_ID = 0xffff;
const PACE_MS = 10;

/** Publishes at QoS 1; resolves when the broker has acknowledged everything. */
export async function publishLoad(options: LoadOptions): Promise<void> {
  const { count, rate, inFlight = 2_000 } = options;
  const packets = encode(options);
  const socket = await open(options.url);
  let sent = 0;
  let acknowledged = 0;
  const started = performance.now();
  const due = () =>
    rate ? Math.min(count, Math.floor(((performance.now() - started) / 1000) * rate)) : count;
  const fill = () => {
    const end = Math.min(due(), acknowledged + inFlight);
    if (end > sent) socket.write(Buffer.concat(packets.slice(sent, end)));
    sent = Math.max(sent, end);
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const incoming = parser({ protocolVersion: 5 });
  incoming.on('packet', ({ cmd }) => {
    if (cmd === 'puback') acknowledged++;
  });
  socket.on('data', (data: Buffer) => {
    incoming.parse(data);
    fill();
    if (acknowledged === count) resolve();
  });
  socket.on('error', reject);
  const pace = setInterval(fill, PACE_MS);
  fill();
  try {
    await promise;
  } finally {
    clearInterval(pace);
    socket.destroy();
  }
}

function encode({ message, count }: LoadOptions): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    generate(
      {
        cmd: 'publish',
        qos: 1,
        dup: false,
        retain: false,
        messageId: (index % MAX_PACKET_ID) + 1,
        ...message(index),
      },
      { protocolVersion: 5 },
    ),
  );
}

async function open(url: string): Promise<Socket> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const incoming = parser({ protocolVersion: 5 });
  const answered = once(incoming, 'packet') as Promise<[IConnackPacket]>;
  const feed = (data: Buffer) => incoming.parse(data);
  socket.on('data', feed);
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clientId: `load-${process.pid}-${Math.random().toString(36).slice(2)}`,
      clean: true,
      keepalive: 0,
      username: decodeURIComponent(username),
      password: Buffer.from(decodeURIComponent(password)),
    }),
  );
  const [connack] = await answered;
  if (connack.reasonCode !== 0) throw new Error(`The broker refused the publisher: ${connack.reasonCode}`);
  socket.off('data', feed);
  return socket;
}
