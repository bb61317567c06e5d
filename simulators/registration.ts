/** Registration over MQTT: a claim code goes in, a user name and a password of one's own come out. */
import { randomUUID } from 'node:crypto';
import { LoginRefused, type OpenLink } from './link.ts';
import type { Login, Registration } from './memory.ts';

export interface ProvisionAccess {
  url: string;
  /** Of the MQTT user `provision`, which may do nothing but ask for a registration. */
  password: string;
  /** Milliseconds to wait for the answer. */
  timeoutMs: number;
  open: OpenLink;
}

type Answer =
  | { request_id: string; status: 'registered'; username: string; password: string }
  | { request_id: string; status: 'rejected'; code: string; detail: string };

/** The server's final no; `code` is one of the catalogue's. */
export class RegistrationRejected extends Error {
  override readonly name = 'RegistrationRejected';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * A new request. The client id is random because the broker delivers the answer by it: nobody else can
 * subscribe to `provision/response/{client_id}` without knowing it.
 */
export function newRegistration(claimCode: string): Registration {
  return { request_id: randomUUID(), client_id: `provision-${randomUUID()}`, claim_code: claimCode };
}

/**
 * Sends the request and waits for its answer.
 * @throws RegistrationRejected for a no; any other error may be tried again with the same registration
 */
export async function register(
  access: ProvisionAccess,
  vehicleId: string,
  registration: Registration,
): Promise<Login> {
  const answered = Promise.withResolvers<Answer>();
  const link = await access
    .open({
      url: access.url,
      username: 'provision',
      password: access.password,
      clientId: registration.client_id,
      sessionExpiryS: 0,
      subscribe: [`provision/response/${registration.client_id}`],
      onMessage: (_topic, payload) => {
        const answer = JSON.parse(payload.toString()) as Answer;
        if (answer.request_id === registration.request_id) answered.resolve(answer);
      },
    })
    .catch((error: Error) => {
      if (!(error instanceof LoginRefused)) throw error;
      throw new Error('The broker refuses the user "provision": PROVISION_PASSWORD is not this system\'s.');
    });
  const timer = setTimeout(
    () => answered.reject(new Error('No answer to the registration.')),
    access.timeoutMs,
  );
  void link.closed.then(() => answered.reject(new Error('The connection ended during the registration.')));
  try {
    await link.publish('provision/request', { ...registration, vehicle_id: vehicleId });
    const answer = await answered.promise;
    if (answer.status === 'rejected') throw new RegistrationRejected(answer.code, answer.detail);
    const { username, password } = answer;
    return { username, password, client_id: `${username}-${randomUUID()}` };
  } finally {
    clearTimeout(timer);
    answered.promise.catch(() => {});
    await link.close();
  }
}
