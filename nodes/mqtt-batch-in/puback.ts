import type { Received } from './window.ts';

const PUBACK = 0x40;
const REMAINING_LENGTH = 2;
const PACKET_BYTES = 4;

/**
 * The PUBACK packets of these messages, in their order. One that says "success" and has no properties ends
 * with the packet identifier (MQTT 5, 3.4.2.1).
 */
export function pubacks(messages: readonly Received[]): Buffer {
  const bytes = Buffer.allocUnsafe(messages.length * PACKET_BYTES);
  let length = 0;
  for (const { packetId } of messages) {
    if (packetId === 0) continue;
    bytes[length] = PUBACK;
    bytes[length + 1] = REMAINING_LENGTH;
    bytes.writeUInt16BE(packetId, length + 2);
    length += PACKET_BYTES;
  }
  return bytes.subarray(0, length);
}
