/**
 * The editor's login: the same accounts as the API's, role `admin`. Whoever can deploy a flow can run code in the
 * runtime, so nothing less will do.
 */
import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { verifyPassword } from '../nodes/shared/passwords.ts';

export interface Account {
  role: string;
  passwordHash: string;
  /** Grows when the password changes or all logins are revoked. */
  tokenVersion: number;
}

export interface EditorLoginOptions {
  findAccount(email: string): Promise<Account | undefined>;
  limits: { loginPerAccountMinute: number; loginPerAddressMinute: number };
  /** Told of a database that does not answer. */
  onError(error: unknown): void;
}

/** A login as Node-RED keeps it, and the version of the account that it belongs to. */
interface Session {
  user: string;
  tokenVersion?: number;
}
export type Sessions = Record<string, Session>;

const MINUTE_S = 60;
const EDITOR_SESSION_S = 8 * 60 * MINUTE_S;
/** How long a look-up is reused: the editor asks with every request. A demoted administrator is out after it. */
const ACCOUNT_CACHE_MS = 5_000;
const CACHED_ACCOUNTS = 1_000;
const PRINTABLE_ASCII = /^[ -~]+$/;

export function createEditorLogin({ findAccount, limits, onError }: EditorLoginOptions) {
  const perAccount = new RateLimiterMemory({ points: limits.loginPerAccountMinute, duration: MINUTE_S });
  const perAddress = new RateLimiterMemory({ points: limits.loginPerAddressMinute, duration: MINUTE_S });
  const cache = new Map<string, { account: Account | undefined; at: number }>();
  const versions = new Map<string, number>();
  let sessions: Sessions = {};

  async function lookUp(email: string): Promise<Account | undefined> {
    const cached = cache.get(email);
    if (cached && Date.now() - cached.at < ACCOUNT_CACHE_MS) return cached.account;
    try {
      const account = await findAccount(email);
      if (cache.size >= CACHED_ACCOUNTS) cache.clear();
      cache.set(email, { account, at: Date.now() });
      return account;
    } catch (error) {
      onError(error);
      // Nobody can have been removed from a database that is down: who was in stays in.
      return cached?.account;
    }
  }

  return {
    /** The key `adminAuth`. Node-RED does not catch what these throw: it would end the process. */
    adminAuth: {
      type: 'credentials',
      sessionExpiryTime: EDITOR_SESSION_S,

      /** Asked with every request of a session: is that still an administrator? */
      async users(username: string) {
        const account = await lookUp(normalise(username));
        if (account?.role !== 'admin') return null;
        for (const [token, session] of Object.entries(sessions)) {
          if (session.user === username && session.tokenVersion !== account.tokenVersion)
            delete sessions[token];
        }
        return { username, permissions: '*' };
      },

      async authenticate(username: unknown, password: unknown) {
        if (typeof username !== 'string' || typeof password !== 'string') return null;
        const email = normalise(username);
        // The column's collation takes `ä` for `a`: other spellings of one account would each have a limit.
        if (!PRINTABLE_ASCII.test(email)) return null;
        try {
          await perAccount.consume(email);
          const account = await findAccount(email);
          if (!(await verifyPassword(account?.passwordHash, password)) || account?.role !== 'admin')
            return null;
          cache.delete(email);
          versions.set(username, account.tokenVersion);
          return { username, permissions: '*' };
        } catch (error) {
          if (!(error instanceof RateLimiterRes)) onError(error);
          return null;
        }
      },
    },

    /** Part of the key `httpAdminMiddleware`. */
    limitLogins: ((request, response, next) => {
      if (request.method !== 'POST' || request.path !== '/auth/token') return next();
      perAddress.consume(addressOf(request)).then(
        () => next(),
        ({ msBeforeNext }: RateLimiterRes) => {
          response.set('Retry-After', String(Math.ceil(msBeforeNext / 1000)));
          response
            .status(429)
            .json({ error: 'too_many_requests', error_description: 'Too many logins. Try later.' });
        },
      );
    }) satisfies RequestHandler,

    /** Wraps Node-RED's session store, so that a session ends when its account's password changes. */
    keepSessions(store: { getSessions(): Promise<object>; saveSessions(all: object): Promise<void> }) {
      return {
        // Node-RED works on the very object that it is given here.
        async getSessions(): Promise<Sessions> {
          sessions = (await store.getSessions()) as Sessions;
          return sessions;
        },
        async saveSessions(all: Sessions): Promise<void> {
          sessions = all;
          for (const session of Object.values(all)) {
            const version = versions.get(session.user);
            if (version !== undefined) session.tokenVersion ??= version;
          }
          await store.saveSessions(all);
        },
      };
    },
  };
}

function addressOf(request: Request): string {
  return request.ip ?? request.socket.remoteAddress ?? '';
}

function normalise(username: string): string {
  return username.trim().toLowerCase();
}
