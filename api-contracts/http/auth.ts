/** Login, refresh, logout. The answers carry tokens, so none of them is kept for an `Idempotency-Key`. */
import { Type } from 'typebox';
import { Closed, Id, Nullable, Role } from '../common.ts';
import type { HttpContract } from '../contract.ts';

const tag = 'auth';

// The bounds of a password's length, long enough to resist guessing and short enough to hash quickly, are
// checked where one is set. Here a shorter one is simply wrong.
const givenPassword = Type.String({ minLength: 1, maxLength: 128, writeOnly: true });
// Printable ASCII, as every e-mail here is: the column's collation takes `ä` for `a` and skips control characters, so
// other spellings of one account would each have a rate limit of their own.
const givenEmail = Type.String({ minLength: 1, maxLength: 254, pattern: '^[ -~]+$' });
const refreshToken = Type.String({ minLength: 1, maxLength: 128 });

const Tokens = Closed({
  access_token: Type.String({ description: 'Send it as `Authorization: Bearer <token>`' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds that the access token lives' }),
  refresh_token: Type.String({ description: 'Good for one refresh' }),
});

export const auth = {
  'auth.login': {
    tag,
    summary: 'Log in',
    description:
      'Answers an access token and a refresh token. An unknown e-mail and a wrong password look alike.',
    body: Closed({ email: givenEmail, password: givenPassword }),
    form: Closed({
      username: givenEmail,
      password: givenPassword,
      // What OAuth 2 clients add on their own (RFC 6749 section 4.3.2); nothing depends on it.
      grant_type: Type.Optional(Type.Literal('password')),
      scope: Type.Optional(Type.String({ maxLength: 200 })),
      client_id: Type.Optional(Type.String({ maxLength: 200 })),
      client_secret: Type.Optional(Type.String({ maxLength: 200 })),
    }),
    responses: {
      200: { description: 'Logged in', schema: Tokens },
      401: { description: 'The e-mail or the password is wrong' },
    },
    idempotent: false,
  },
  'auth.refresh': {
    tag,
    summary: 'Trade a refresh token for new tokens',
    description:
      'Each refresh token is good once. One that comes again was copied: every token of that login is revoked.',
    body: Closed({ refresh_token: refreshToken }),
    responses: {
      200: { description: 'New tokens', schema: Tokens },
      401: { description: 'The refresh token is unknown, expired, used or revoked' },
    },
    idempotent: false,
  },
  'auth.logout': {
    tag,
    summary: 'Log out',
    description: 'Revokes the tokens of this login at once.',
    responses: { 204: { description: 'Logged out' } },
    idempotent: false,
  },
  'auth.me': {
    tag,
    summary: 'Who am I?',
    responses: {
      200: {
        description: 'The user that the token belongs to',
        schema: Closed({
          id: Id,
          name: Type.String(),
          last_name: Type.String(),
          email: Type.String(),
          role: Role,
          client_id: Nullable(Id),
          create_date: Type.String({ format: 'date-time' }),
        }),
      },
    },
  },
} as const satisfies Record<string, HttpContract>;
