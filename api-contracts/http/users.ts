/** The people who use the API and the editor. Administrators manage them. */
import { Type } from 'typebox';
import { Closed, DateTime, Id, ListOf, ListQuery, Nullable, Role, Some } from '../common.ts';
import type { HttpContract } from '../contract.ts';

const tag = 'users';

const name = Type.String({ maxLength: 100 });
const email = Type.String({ format: 'email', maxLength: 254 });
const password = Type.String({ minLength: 8, maxLength: 128, writeOnly: true });
const client_id = Nullable(
  Type.Integer({ ...Id, description: 'Sees the resources of this client only; administrators have none' }),
);

export const User = Closed({
  id: Id,
  name,
  last_name: name,
  email,
  role: Role,
  client_id,
  create_date: DateTime,
});

const params = Closed({ id: Id });
const user = { description: 'The user', schema: User };
const lastAdministrator = {
  description: '`already_exists`: the e-mail is taken. `last_administrator`: someone has to stay in charge',
};

export const users = {
  'users.list': {
    tag,
    summary: 'List users, newest first',
    query: ListQuery(),
    responses: { 200: { description: 'A page of users', schema: ListOf(User) } },
    page: { id: 'number' },
  },
  'users.create': {
    tag,
    summary: 'Add a user',
    body: Closed({
      email,
      password,
      name: Type.Optional(Type.String({ ...name, default: '' })),
      last_name: Type.Optional(Type.String({ ...name, default: '' })),
      role: Type.Optional(Type.Enum(['admin', 'operator', 'viewer'], { type: 'string', default: 'viewer' })),
      client_id: Type.Optional(client_id),
    }),
    responses: { 201: user, 409: { description: '`already_exists`: the e-mail is taken' } },
  },
  'users.get': { tag, summary: 'Read a user', params, responses: { 200: user } },
  'users.replace': {
    tag,
    summary: 'Replace a user',
    description:
      'What is left out falls back to its default; a password that is left out stays. A new password ends all sessions of the user.',
    params,
    body: Closed({
      email,
      password: Type.Optional(password),
      name: Type.Optional(Type.String({ ...name, default: '' })),
      last_name: Type.Optional(Type.String({ ...name, default: '' })),
      role: Role,
      client_id: Type.Optional(client_id),
    }),
    responses: { 200: user, 409: lastAdministrator },
  },
  'users.edit': {
    tag,
    summary: 'Change some of a user',
    description: 'What is left out stays. A new password ends all sessions of the user.',
    params,
    body: Some({ email, password, name, last_name: name, role: Role, client_id }),
    responses: { 200: user, 409: lastAdministrator },
  },
  'users.delete': {
    tag,
    summary: 'Delete a user',
    description: 'Their tokens stop working at once.',
    params,
    responses: { 204: { description: 'Deleted' }, 409: lastAdministrator },
  },
} as const satisfies Record<string, HttpContract>;
