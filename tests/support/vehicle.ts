/** Vehicles that registered themselves as a real one does. */
import { randomUUID } from 'node:crypto';
import type { IClientOptions, MqttClient } from 'mqtt';
import { nextMessage, type Product } from './product.ts';

export interface RegisteredVehicle {
  id: string;
  username: string;
  password: string;
  /** A session with the vehicle's own credentials. */
  connect(options?: IClientOptions): Promise<MqttClient>;
}

/** Creates a vehicle over REST and answers its claim code. */
export async function pendingVehicle(product: Product, id: string): Promise<string> {
  const answer = await product.asAdmin('POST', '/api/vehicles', { body: { id } });
  if (answer.status !== 201) {
    throw new Error(`POST /api/vehicles answers ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return answer.body.claim_code;
}

/** What `provision/response/{client_id}` says to a claim. */
export async function claim(product: Product, vehicleId: string, claimCode: string): Promise<any> {
  const clientId = `test-${randomUUID()}`;
  const client = await product.mqttClient('provision', product.provisionPassword, clientId);
  try {
    await client.subscribeAsync(`provision/response/${clientId}`, { qos: 1 });
    const response = nextMessage(client, `provision/response/${clientId}`);
    const request = {
      request_id: randomUUID(),
      client_id: clientId,
      vehicle_id: vehicleId,
      claim_code: claimCode,
    };
    await client.publishAsync('provision/request', JSON.stringify(request), { qos: 1 });
    return (await response).payload;
  } finally {
    await client.endAsync(true);
  }
}

/** A vehicle with credentials, by the whole way: POST, claim code, `provision/request`. */
export async function registeredVehicle(product: Product, id: string): Promise<RegisteredVehicle> {
  const response = await claim(product, id, await pendingVehicle(product, id));
  if (response.status !== 'registered') throw new Error(`${id} was refused: ${JSON.stringify(response)}`);
  const { username, password } = response;
  return {
    id,
    username,
    password,
    connect: (options) =>
      product.mqttClient(username, password, `${id}-${randomUUID().slice(0, 8)}`, options),
  };
}
