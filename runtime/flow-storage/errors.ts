/** Why flows are refused, in words for the person who edits them. */
export class FlowError extends Error {
  override readonly name = 'FlowError';
  /** What the admin API answers a deploy with. 409 would open the editor's merge dialog, which cannot help here. */
  readonly status = 400;
  readonly code: 'invalid_flows' | 'flows_changed_on_disk' | 'credentials_unreadable';

  constructor(code: FlowError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** `file:line:column`, as editors and terminals link it. */
export function position(file: string, text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${file}:${line}:${offset - before.lastIndexOf('\n')}`;
}
