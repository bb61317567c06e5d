/** Reads the body of a request: the media type first, then at most a limit's worth of bytes. */
import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem.ts';
import { parseJson } from './json.ts';
import { parseQuery } from './query.ts';

/** 1 MiB: more than any JSON body of the contracts needs. */
export const BODY_LIMIT = 1024 * 1024;

export type Media = 'json' | 'form';

/** What came in a body, and the bytes, by which a repeated request is recognised. */
export interface Body {
  media: Media;
  value: unknown;
  bytes: Buffer;
}

/** Whether the request has a body at all (RFC 9112 section 6.3). */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/**
 * The media type of a request that has a body, or names one.
 *
 * @param form whether the endpoint also takes `application/x-www-form-urlencoded`
 * @throws Problem `unsupported_media_type`
 */
export function mediaOf(req: IncomingMessage, form: boolean): Media | undefined {
  const header = req.headers['content-type'];
  if (header === undefined && !hasBody(req)) return undefined;
  const [type, ...parameters] = (header ?? '').toLowerCase().split(';');
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='));
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new Problem('unsupported_media_type', 'Send the body without a content encoding.');
  }
  if (charset && !/^charset="?utf-?8"?$/.test(charset.trim())) {
    throw new Problem('unsupported_media_type', 'Send the body in UTF-8.');
  }
  const name = type?.trim() ?? '';
  if (name === 'application/json') return 'json';
  // A PATCH replaces the members that it names (RFC 7396).
  if (name === 'application/merge-patch+json' && req.method === 'PATCH') return 'json';
  if (name === 'application/x-www-form-urlencoded' && form) return 'form';
  throw new Problem('unsupported_media_type', form ? 'Send application/json or a form.' : undefined);
}

/** @throws Problem `payload_too_large`, `invalid_json`, `schema` */
export async function readBody(req: IncomingMessage, media: Media): Promise<Body> {
  const bytes = await readBytes(req, BODY_LIMIT);
  return { media, bytes, value: media === 'json' ? parseJson(bytes) : parseQuery(bytes.toString('utf8')) };
}

function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new Problem('payload_too_large', `The limit is ${limit} bytes.`);
  if (Number(req.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) settle(() => reject(tooLarge()));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks, size)));
    // The client went away in the middle; there is nobody to answer.
    const onClose = () => settle(() => reject(new Problem('bad_request', 'The body is incomplete.')));
    const settle = (then: () => void) => {
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      then();
    };
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
