import { hash } from 'node:crypto';

/** SHA-256 */
export const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
