/** Every contract by its name. `settings.ts` hands them to the palette; nodes choose one by name. */
import type { HttpContract, MqttContract } from './contract.ts';
import { auth } from './http/auth.ts';
import { operations } from './http/operations.ts';
import { users } from './http/users.ts';
import { vehicles } from './http/vehicles.ts';
import { provision } from './mqtt/provision.ts';
import { status } from './mqtt/status.ts';
import { telemetry } from './mqtt/telemetry.ts';

export const contracts: { http: Record<string, HttpContract>; mqtt: Record<string, MqttContract> } = {
  http: { ...auth, ...users, ...vehicles, ...operations },
  mqtt: { ...provision, ...telemetry, ...status },
};
