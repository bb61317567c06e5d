/** Entity tags (RFC 9110 section 8.8): `"<version>-<hash>"`, the row's version and a hash of the answer. */
import { createHash } from 'node:crypto';

const NOTHING_OF_OURS = -1;
const HASH_LENGTH = 12;

/** The hash covers what the version does not: members that other rows contribute, such as a latest status. */
export function etagOf(version: unknown, body: string): string {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, HASH_LENGTH);
  return `"${version === undefined || version === null ? '' : `${version}-`}${hash}"`;
}

/** `If-None-Match`: a list or `*`; compared weakly, as section 13.1.2 wants. */
export function noneMatchHits(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => {
    const tag = entry.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}

/**
 * The version in `If-Match`. `*` asks for nothing but existence, which a 404 answers. Of a list the first
 * counts: clients hold one version. What is no tag of ours, or a weak one (section 13.1.1), matches nothing.
 */
export function ifMatchVersion(header: string | undefined): number | null {
  const first = header?.split(',')[0]?.trim();
  if (first === undefined || first === '*') return null;
  const version = /^"(\d{1,15})-[A-Za-z0-9_-]+"$/.exec(first)?.[1];
  return version === undefined ? NOTHING_OF_OURS : Number(version);
}
