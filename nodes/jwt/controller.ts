/** Issues, refreshes and revokes tokens. */
import type { Access } from '../shared/http/access.ts';
import type { ApiRequest } from '../shared/http/request.ts';
import type { Controller } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Message } from '../shared/red.ts';
import type { Sessions, SessionUser } from './sessions.ts';

export type JwtAction = 'issue' | 'refresh' | 'revoke' | 'forget';

export interface JwtConfig {
  action: JwtAction;
}

export interface JwtDependencies {
  sessions: Pick<Sessions, 'issue' | 'refresh' | 'revoke'>;
  access: Pick<Access, 'forget'>;
  close: () => Promise<void>;
}

export class JwtController implements Controller {
  readonly #act: (message: Message) => Promise<void>;
  readonly #dependencies: JwtDependencies;

  constructor({ action }: JwtConfig, dependencies: JwtDependencies) {
    if (!Object.hasOwn(actions, action)) throw new Error(`There is no action named ${action}.`);
    this.#dependencies = dependencies;
    this.#act = (message) => actions[action](message, dependencies);
  }

  async input(message: Message): Promise<Message> {
    await this.#act(message);
    return message;
  }

  close(): Promise<void> {
    return this.#dependencies.close();
  }
}

const actions: Record<JwtAction, (message: Message, dependencies: JwtDependencies) => Promise<void>> = {
  async issue(message, { sessions }) {
    const { id, token_version } = (message.payload ?? {}) as Partial<SessionUser>;
    if (id === undefined || token_version === undefined) {
      throw new Error('msg.payload is no user: it needs id and token_version.');
    }
    message.payload = await sessions.issue({ id, token_version });
  },

  async refresh(message, { sessions, access }) {
    const { refresh_token } = (message.payload ?? {}) as { refresh_token?: unknown };
    if (typeof refresh_token !== 'string') throw new Problem('invalid_token');
    message.payload = await sessions.refresh(refresh_token, (userId) => access.forget(userId));
  },

  async revoke(message, { sessions, access }) {
    const { session, user } = requestOf(message);
    if (!session || !user) throw new Problem('unauthenticated');
    await sessions.revoke(session);
    access.forget(user.id);
  },

  async forget(message, { access }) {
    const id = Number(requestOf(message).params.id);
    if (!Number.isSafeInteger(id)) throw new Error('msg.request.params has no id of a user.');
    access.forget(id);
  },
};

function requestOf(message: Message): ApiRequest {
  const request = message.request as ApiRequest | undefined;
  if (!request) throw new Error('This message did not come from an `api in` node.');
  return request;
}
