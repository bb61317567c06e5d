/**
 * A failure that has a name. Controllers throw it; REST answers it as RFC 9457 problem details, MQTT sends
 * its `code` to `vehicles/{id}/errors`, a Catch node sees it as `msg.error.code`.
 */
import { catalogue, type ProblemCode } from './catalogue.ts';

/** One thing that is wrong with an input: a JSON Pointer (RFC 6901) to the place, and a sentence. */
export interface Violation {
  pointer: string;
  detail: string;
}

export interface ProblemOptions {
  errors?: Violation[];
  /** Seconds after which a retry makes sense (`Retry-After`). */
  retryAfter?: number;
  /** Further members of the problem document, e.g. `reason` of a failed connection test. */
  extensions?: Record<string, unknown>;
  cause?: unknown;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly errors: Violation[] | undefined;
  readonly retryAfter: number | undefined;
  readonly extensions: Record<string, unknown> | undefined;

  /** @param detail one sentence for the person who has to mend it; never SQL, a stack or a secret */
  constructor(code: ProblemCode, detail?: string, options: ProblemOptions = {}) {
    const entry = catalogue[code];
    super(detail ?? entry.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = entry.status;
    this.title = entry.title;
    this.errors = options.errors;
    this.retryAfter = options.retryAfter ?? ('retryAfter' in entry ? entry.retryAfter : undefined);
    this.extensions = options.extensions;
  }
}
