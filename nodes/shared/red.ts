/**
 * The part of Node-RED's runtime API that the palette uses, typed for Node-RED 5
 * (the published `@types/node-red` describe version 1.3).
 */
import type { EventEmitter } from 'node:events';
import type { Express, RequestHandler } from 'express';

/** A message that travels along a wire. */
export interface Message {
  _msgid?: string;
  topic?: unknown;
  payload?: unknown;
  [property: string]: unknown;
}

/** What a node may send: a message, one entry an output, or several messages for one output. */
export type Outgoing = Message | null | undefined | ReadonlyArray<Message | Message[] | null | undefined>;

/** A node's badge under its box in the editor. Ring: not connected or failed; dot: working. */
export interface NodeStatus {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape?: 'ring' | 'dot';
  text?: string;
}

/** What the editor saved for a node. */
export interface NodeDefinition {
  id: string;
  type: string;
  name?: string;
  z?: string;
  [property: string]: unknown;
}

export interface RedNode extends EventEmitter {
  id: string;
  type: string;
  name?: string;
  z?: string;
  credentials?: Record<string, string>;
  send(message: Outgoing): void;
  status(status: NodeStatus): void;
  log(text: unknown): void;
  warn(text: unknown): void;
  error(error: unknown, message?: Message): void;
  debug(text: unknown): void;
}

export interface Red {
  nodes: {
    createNode(node: unknown, definition: NodeDefinition): void;
    getNode(id: string): RedNode | null;
    registerType(type: string, nodeClass: unknown, options?: Record<string, unknown>): void;
  };
  /** `settings.ts`, read only. */
  settings: Record<string, unknown>;
  /** Serves `httpNodeRoot`: the API. */
  httpNode: Express;
  /** Serves `httpAdminRoot`: the editor's own endpoints. */
  httpAdmin: Express;
  auth: { needsPermission(permission: string): RequestHandler };
  events: EventEmitter;
  log: Record<'info' | 'warn' | 'error' | 'debug', (text: unknown) => void>;
  util: {
    getMessageProperty(message: Message, expression: string): unknown;
    setMessageProperty(message: Message, expression: string, value: unknown, create?: boolean): boolean;
    cloneMessage(message: Message): Message;
  };
  _(key: string, replacements?: Record<string, unknown>): string;
}
