/** Headers of the editor's pages (OWASP HTTP Headers cheat sheet). The editor itself needs inline scripts. */
import type { RequestHandler } from 'express';

export const editorHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    // Nobody frames the editor and steals clicks on Deploy.
    'Content-Security-Policy': "frame-ancestors 'none'; object-src 'none'; base-uri 'self'",
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  next();
};
