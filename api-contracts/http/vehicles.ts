/** Vehicles: their claims, their presence and what they sent. */
import { Type } from 'typebox';
import { Closed, DateTime, ListOf, ListQuery, Nullable } from '../common.ts';
import type { HttpContract } from '../contract.ts';

const tag = 'vehicles';

const VehicleId = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,64}$',
  description: 'Also its MQTT user name and the {id} in its topics',
  examples: ['truck-7'],
});
/** Not one of the user names that the broker knows already. */
const NewVehicleId = Type.String({ ...VehicleId, pattern: '^(?!(cauce|provision)$)[A-Za-z0-9_.:-]{1,64}$' });
const name = Nullable(Type.String({ minLength: 1, maxLength: 200 }));
const State = Type.Enum(['pending', 'registered', 'revoked'], { type: 'string' });
const Activity = Type.Enum(['idle', 'busy', 'charging', 'error', 'offline'], { type: 'string' });
const number = Nullable(Type.Number());

const Telemetry = Closed({
  ts: DateTime,
  received_at: DateTime,
  boot: Nullable(Type.String({ description: 'Of the device; null where it names none' })),
  seq: Nullable(Type.Integer({ minimum: 0 })),
  lat: number,
  lon: number,
  alt_m: number,
  speed_mps: number,
  heading_deg: number,
  battery_pct: number,
  values: Nullable(Type.Object({}, { additionalProperties: true, description: 'Whatever else it measures' })),
});

const Status = Closed({
  ts: DateTime,
  received_at: DateTime,
  state: Activity,
  battery_pct: number,
  errors: Type.Array(Type.Object({}, { additionalProperties: true })),
});

const Vehicle = Closed({
  id: VehicleId,
  name,
  state: State,
  presence: Type.Enum(['online', 'offline', 'stale'], {
    type: 'string',
    description:
      'offline: never heard, revoked, or its last will was the newest thing heard; stale: nothing heard for VEHICLE_STALE_AFTER_S seconds',
  }),
  last_heard_at: Nullable(DateTime),
  latest_status: Nullable(Status),
  latest_telemetry: Nullable(Telemetry),
  create_date: DateTime,
  registered_at: Nullable(DateTime),
  revoked_at: Nullable(DateTime),
});

const Claim = Closed({
  id: VehicleId,
  name,
  state: State,
  claim_code: Type.String({ description: 'Shown once. The vehicle sends it to provision/request' }),
  claim_expires_at: DateTime,
});

const params = Closed({ id: VehicleId });
const from = Type.Optional(Type.String({ ...DateTime, description: 'Device time, inclusive' }));
const to = Type.Optional(Type.String({ ...DateTime, description: 'Device time, exclusive' }));

export const vehicles = {
  'vehicles.list': {
    tag,
    summary: 'List vehicles, newest first',
    query: ListQuery({ state: Type.Optional(State) }),
    responses: { 200: { description: 'A page of vehicles', schema: ListOf(Vehicle) } },
    page: { no: 'number' },
  },
  'vehicles.create': {
    tag,
    summary: 'Add a vehicle',
    description: 'Answers the claim code with which the vehicle registers itself over MQTT, once.',
    body: Closed({ id: NewVehicleId, name: Type.Optional(name) }),
    responses: {
      201: { description: 'The vehicle and its claim code', schema: Claim },
      409: { description: '`already_exists`: the id is taken, perhaps by a vehicle that was revoked' },
    },
  },
  'vehicles.get': {
    tag,
    summary: 'Read a vehicle',
    params,
    responses: { 200: { description: 'The vehicle', schema: Vehicle } },
  },
  'vehicles.edit': {
    tag,
    summary: 'Rename a vehicle',
    params,
    body: Closed({ name }),
    responses: { 200: { description: 'The vehicle', schema: Vehicle } },
  },
  'vehicles.revoke': {
    tag,
    summary: 'Revoke a vehicle',
    description:
      'Its session ends, its account and claim code stop working, its data stay. A new claim code brings it back.',
    params,
    responses: { 204: { description: 'Revoked' } },
  },
  'vehicles.claim': {
    tag,
    summary: 'Give a vehicle a new claim code',
    description:
      'The former code stops working. A registered vehicle keeps its account until the new code is used; a revoked one is pending again.',
    params,
    responses: { 201: { description: 'The vehicle and its claim code', schema: Claim } },
  },
  'vehicles.telemetry': {
    tag,
    summary: "List a vehicle's telemetry, newest first",
    params,
    query: ListQuery({ from, to }),
    responses: { 200: { description: 'A page of telemetry', schema: ListOf(Telemetry) } },
    page: { ts: 'time', arrival: 'number' },
  },
  'vehicles.telemetry_latest': {
    tag,
    summary: "Read a vehicle's latest telemetry",
    params,
    responses: {
      200: { description: 'The sample with the latest time', schema: Telemetry },
      404: { description: '`not_found`: no such vehicle, or it has sent none' },
    },
  },
  'vehicles.statuses': {
    tag,
    summary: "List a vehicle's statuses, newest first",
    params,
    query: ListQuery(),
    responses: { 200: { description: 'A page of statuses', schema: ListOf(Status) } },
    page: { arrival: 'number' },
  },
} as const satisfies Record<string, HttpContract>;
