/** The page on which people read and try the API. It needs nothing from outside, and may fetch nothing there. */
import type { ServerResponse } from 'node:http';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

export interface ApiReferenceConfig {
  title: string;
  /** Of the OpenAPI document. */
  url: string;
}

/** Where the page finds Scalar. */
export const SCRIPT = '/docs/scalar.js';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Scalar writes its styles into the page.
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export class ApiReference implements Controller {
  readonly #page: string;

  constructor({ title, url }: ApiReferenceConfig) {
    // Read by Scalar from the attribute: an inline script would need another hole in the policy.
    const configuration = JSON.stringify({
      url,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      authentication: { preferredSecurityScheme: 'bearer' },
      showDeveloperTools: 'never',
    });
    this.#page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <title>${escapeHtml(title)}</title>
  </head>
  <body>
    <noscript>This page needs JavaScript. The API is described in <a href="${escapeHtml(url)}">${escapeHtml(url)}</a>.</noscript>
    <script id="api-reference" data-configuration="${escapeHtml(configuration)}"></script>
    <script src="${SCRIPT}"></script>
  </body>
</html>
`;
  }

  input(message: Message): Message {
    const response = (message.res as { _res?: ServerResponse } | undefined)?._res;
    response?.setHeader('content-security-policy', POLICY);
    response?.setHeader('referrer-policy', 'same-origin');
    return { ...message, payload: this.#page };
  }
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
