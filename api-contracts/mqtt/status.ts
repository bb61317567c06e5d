/** `vehicles/{id}/status`: the vehicle's state and health; retained, and its last will. */
import { Type } from 'typebox';
import { Closed } from '../common.ts';
import type { MqttContract } from '../contract.ts';
import { BatteryPercent, DeviceTime, OwnId } from './common.ts';

const VehicleError = Closed({
  code: Type.String({ minLength: 1, maxLength: 64 }),
  level: Type.String({ minLength: 1, maxLength: 32, examples: ['warning', 'error', 'fatal'] }),
  detail: Type.Optional(Type.String({ maxLength: 500 })),
});

const Status = Closed({
  ts: Type.Optional(DeviceTime),
  state: Type.Enum(['idle', 'busy', 'charging', 'error', 'offline'], { type: 'string' }),
  battery_pct: Type.Optional(BatteryPercent),
  errors: Type.Optional(Type.Array(VehicleError, { maxItems: 50 })),
  id: OwnId,
  vehicle_id: OwnId,
});

export const status: Record<string, MqttContract> = {
  status: { summary: 'State and health of a vehicle', schema: Status },
};
