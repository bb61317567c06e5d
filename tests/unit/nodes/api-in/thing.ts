/** The endpoint that the tests of `api in` draw. */
import type { HttpContract } from '../../../../nodes/shared/settings.ts';

export const thing: HttpContract = {
  summary: 'Add a thing',
  tag: 'things',
  idempotent: false,
  body: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, size: { type: 'integer' } },
  },
  form: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, size: { type: 'integer' } },
  },
  responses: {
    200: { description: 'The thing', schema: { type: 'object', properties: { name: { type: 'string' } } } },
  },
};
