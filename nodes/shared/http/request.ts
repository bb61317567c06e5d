/** What `api in` says about a request, as `msg.request`. Plain data: Node-RED copies messages. */
import type { Position } from './cursor.ts';

export interface ApiUser {
  id: number;
  email: string;
  role: UserRole;
  /** Sees the resources of this client only. */
  client_id: number | null;
}

export type UserRole = 'viewer' | 'operator' | 'admin';

export interface ApiRequest {
  /** `X-Request-Id`: in every answer and log line. */
  id: string;
  user: ApiUser | null;
  /** The login that the token belongs to. */
  session: string | null;
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
  page: { limit: number; after: Position } | null;
  /** The version that `If-Match` names; null without one, -1 for one that can match nothing of ours. */
  ifMatch: number | null;
}
