/** `vehicles/{id}/telemetry`: samples, from the vehicle. */
import { Type } from 'typebox';
import { Closed } from '../common.ts';
import type { MqttContract } from '../contract.ts';
import { BatteryPercent, DeviceId, DeviceTime, OwnId } from './common.ts';

/** Names of further values. Those that JavaScript gives a meaning of their own are refused. */
const VALUE_NAME = '^(?!(?:__proto__|constructor|prototype)$)[^\\u0000-\\u001f]{1,64}$';

const Value = Type.Unsafe<number | string | boolean | null>({
  type: ['number', 'string', 'boolean', 'null'],
  maxLength: 256,
});

const Sample = Closed({
  ts: DeviceTime,
  boot: Type.Optional(
    Type.Union([DeviceId, Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })], {
      description: 'Names one run of the device, within which `seq` counts',
    }),
  ),
  seq: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Grows by one with each sample; sent again with the same number, a sample is stored once',
    }),
  ),
  lat: Type.Optional(Type.Number({ minimum: -90, maximum: 90, description: 'Degrees, WGS 84' })),
  lon: Type.Optional(Type.Number({ minimum: -180, maximum: 180, description: 'Degrees, WGS 84' })),
  alt_m: Type.Optional(Type.Number({ minimum: -20_000, maximum: 100_000, description: 'Metres' })),
  speed_mps: Type.Optional(
    Type.Number({ minimum: -1_000, maximum: 1_000, description: 'Metres a second; negative in reverse' }),
  ),
  heading_deg: Type.Optional(
    Type.Number({ minimum: 0, maximum: 360, description: 'Degrees clockwise from true north' }),
  ),
  battery_pct: Type.Optional(BatteryPercent),
  values: Type.Optional(
    Type.Record(Type.String({ pattern: VALUE_NAME }), Value, {
      additionalProperties: false,
      maxProperties: 100,
      description: 'Anything else that the vehicle measures',
    }),
  ),
  id: OwnId,
  vehicle_id: OwnId,
});

export const telemetry: Record<string, MqttContract> = {
  telemetry: { summary: 'Samples of a vehicle, one or up to 500', schema: Sample, maxItems: 500 },
};
