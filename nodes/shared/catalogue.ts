/**
 * Every error code that Cauce answers, once. Codes are stable: clients and devices branch on them.
 * `status` is the HTTP status; MQTT uses the code alone.
 */
interface Entry {
  status: number;
  title: string;
  /** Said when the thrower adds nothing more precise. */
  detail: string;
  /** Seconds. */
  retryAfter?: number;
}

const entries = {
  // requests
  invalid_json: { status: 400, title: 'Not JSON', detail: 'The body does not parse as JSON (RFC 8259).' },
  bad_request: { status: 400, title: 'Bad request', detail: 'The request could not be understood.' },
  unauthenticated: {
    status: 401,
    title: 'Not logged in',
    detail: 'Send an access token: Authorization: Bearer <token>.',
  },
  invalid_token: {
    status: 401,
    title: 'Invalid token',
    detail: 'The token is expired, revoked or not ours. Log in again.',
  },
  invalid_credentials: { status: 401, title: 'Login failed', detail: 'E-mail or password is wrong.' },
  forbidden: { status: 403, title: 'Not allowed', detail: 'Your role does not allow this.' },
  not_found: { status: 404, title: 'Not found', detail: 'There is nothing at this address.' },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This address does not answer that method.',
  },
  conflict: { status: 409, title: 'Conflict', detail: 'The state of the resource does not allow this.' },
  last_administrator: {
    status: 409,
    title: 'Last administrator',
    detail: 'Someone has to stay in charge: this is the only administrator.',
  },
  already_exists: {
    status: 409,
    title: 'Already exists',
    detail: 'Something with that name or id exists already.',
  },
  in_use: { status: 409, title: 'In use', detail: 'Something else still refers to this.' },
  idempotency_in_progress: {
    status: 409,
    title: 'Still running',
    detail: 'The first request with this Idempotency-Key has not finished.',
  },
  precondition_failed: {
    status: 412,
    title: 'Changed meanwhile',
    detail: 'If-Match names a version that is no longer current. Read it again.',
  },
  payload_too_large: { status: 413, title: 'Too large', detail: 'The body is larger than allowed.' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type', detail: 'Send application/json.' },
  schema: { status: 422, title: 'Invalid', detail: 'The content does not match the contract.' },
  unknown_reference: {
    status: 422,
    title: 'Unknown reference',
    detail: 'The content refers to something that does not exist.',
  },
  scoped_administrator: {
    status: 422,
    title: 'Scoped administrator',
    detail: 'Administrators see everything: client_id must be null for the role admin.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'Key used before',
    detail: 'This Idempotency-Key was used with another body.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: 'Slow down and try again later.',
    retryAfter: 1,
  },
  internal: {
    status: 500,
    title: 'Our fault',
    detail: 'Something broke on our side. The request_id finds it in the log.',
  },
  unavailable: {
    status: 503,
    title: 'Not available',
    detail: 'A service that this needs is not available. Try again.',
    retryAfter: 2,
  },
  no_answer: {
    status: 503,
    title: 'No answer',
    detail: 'The flow behind this endpoint did not answer in time.',
    retryAfter: 2,
  },
  // devices
  not_registered: { status: 403, title: 'Not registered', detail: 'This vehicle is not registered.' },
  id_mismatch: {
    status: 422,
    title: 'Id mismatch',
    detail: 'The id in the payload is not the one in the topic.',
  },
  timestamp_out_of_range: {
    status: 422,
    title: 'Timestamp out of range',
    detail: 'The timestamp is too far from now.',
  },
  too_many_items: {
    status: 422,
    title: 'Too many items',
    detail: 'The array holds more items than allowed.',
  },
  unstorable: { status: 422, title: 'Could not be stored', detail: 'The database refused this message.' },
  invalid_claim: {
    status: 403,
    title: 'Invalid claim',
    detail: 'The claim code is not valid for this vehicle.',
  },
  claim_expired: {
    status: 403,
    title: 'Claim expired',
    detail: 'The claim code has expired. Ask for a new one.',
  },
  claim_used: {
    status: 409,
    title: 'Claim used',
    detail: 'The claim code was used before. Ask for a new one.',
  },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof entries;
export const catalogue: Readonly<Record<ProblemCode, Entry>> = entries;
