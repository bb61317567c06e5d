/** How a new vehicle trades its claim code for an MQTT account of its own. See docs/device-protocol.md. */
import { Type } from 'typebox';
import { Closed } from '../common.ts';
import type { MqttContract } from '../contract.ts';

const ID = '^[A-Za-z0-9_.:-]{1,64}$';

export const provision = {
  'provision.request': {
    summary: 'Ask for an MQTT account',
    schema: Closed({
      request_id: Type.String({
        pattern: ID,
        description: 'Chosen by the vehicle, and the same when it asks again because no answer came',
      }),
      client_id: Type.String({
        pattern: ID,
        description: 'The MQTT client id of this session: the answer goes to provision/response/{client_id}',
      }),
      vehicle_id: Type.String({ pattern: ID }),
      claim_code: Type.String({ minLength: 1, maxLength: 64, description: 'From POST /api/vehicles' }),
    }),
  },
} as const satisfies Record<string, MqttContract>;
