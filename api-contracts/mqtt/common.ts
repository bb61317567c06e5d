/** Schemas that contracts of several topics share. */
import { Type } from 'typebox';
import { DateTime } from '../common.ts';

/** Ids of devices, missions and the like: safe in topics, file names and URLs. */
export const DeviceId = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,64}$' });

/** The device's time. */
export const DeviceTime = Type.Union([
  DateTime,
  Type.Integer({ minimum: 0, description: 'Milliseconds since 1970-01-01T00:00:00Z' }),
]);

/** Not needed: the topic names the device. Where it is sent, it must be the same id. */
export const OwnId = Type.Optional(Type.String({ description: 'Must be the id in the topic' }));

export const BatteryPercent = Type.Number({ minimum: 0, maximum: 100 });
