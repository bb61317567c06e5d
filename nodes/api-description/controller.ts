/** OpenAPI of the endpoints that are deployed at this moment. */
import type { Endpoint } from '../shared/http/endpoint.ts';
import { describeApi } from '../shared/http/openapi.ts';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

export interface ApiDescriptionConfig {
  title?: string;
  version?: string;
}

export class ApiDescriptionController implements Controller {
  readonly #info: { title: string; version: string };
  readonly #endpoints: () => readonly Endpoint[];

  constructor({ title, version }: ApiDescriptionConfig, endpoints: () => readonly Endpoint[]) {
    this.#info = { title: title || 'Cauce', version: version || '1' };
    this.#endpoints = endpoints;
  }

  input(message: Message): Message {
    message.payload = describeApi(this.#info, this.#endpoints());
    return message;
  }
}
