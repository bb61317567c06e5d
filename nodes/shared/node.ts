/**
 * The one way in which a node of the palette is registered. A node's file names its type and builds its
 * controller; everything that is easy to get wrong against Node-RED's API stands here, once:
 *
 * - an input handler that rejects would end the process, so it is awaited;
 * - `done` is called exactly once, with the error where there is one: Catch and Complete never both fire;
 * - a `close` handler is only awaited when it declares `done` (Node-RED judges by arity);
 * - a node that cannot start says so in red instead of taking its tab down.
 */
import { Problem } from './problem.ts';
import type { Message, NodeDefinition, NodeStatus, Outgoing, Red, RedNode } from './red.ts';

export type Send = (message: Outgoing) => void;

/** A node's behaviour. It throws; the wrapper reports. */
export interface Controller {
  /** Handles one message. What it returns is sent; `send` is for more than one, or for later. */
  input?(message: Message, send: Send): Promise<Outgoing | undefined> | Outgoing | undefined;
  /** @param removed true when the node was deleted or changed, false when the runtime stops. At most 15 s. */
  close?(removed: boolean): Promise<void> | void;
}

/** What a controller may know of its node. */
export interface NodeContext<Config> {
  red: Red;
  node: RedNode;
  config: Config;
}

const STATUS_TEXT_LIMIT = 60;

/** Registers a node type whose instances are driven by the controller that `create` builds. */
export function registerNode<Config>(
  red: Red,
  type: string,
  create: (context: NodeContext<Config & NodeDefinition>) => Controller,
  options?: Record<string, unknown>,
): void {
  function Constructor(this: RedNode, definition: Config & NodeDefinition) {
    red.nodes.createNode(this, definition);
    let controller: Controller;
    try {
      controller = create({ red, node: this, config: definition });
    } catch (error) {
      this.status(failed(error));
      this.error(error);
      return;
    }
    Object.assign(this, { controller });

    if (controller.input) {
      let showsFailure = false;
      this.on('input', async (message: Message, send: Send, done: (error?: unknown) => void) => {
        try {
          const outgoing = await controller.input!(message, send);
          if (outgoing) send(outgoing);
        } catch (error) {
          if (isOurs(error)) {
            this.status(failed(error));
            showsFailure = true;
          }
          done(caught(error));
          return;
        }
        if (showsFailure) this.status({});
        showsFailure = false;
        done();
      });
    }
    this.on('close', (removed: boolean, done: (error?: unknown) => void) => {
      Promise.resolve()
        .then(() => controller.close?.(removed))
        .then(
          () => done(),
          (error) => {
            this.error(error);
            done();
          },
        );
    });
  }
  red.nodes.registerType(type, Constructor, options);
}

/** The controller of another node, for a node that refers to a config node of this palette. */
export function controllerOf<T extends Controller>(red: Red, id: string | undefined, what: string): T {
  const node = id ? (red.nodes.getNode(id) as (RedNode & { controller?: T }) | null) : null;
  if (!node?.controller) throw new Error(`No ${what} is chosen.`);
  return node.controller;
}

/** A caller's mistake is an answer, not a state of the node: a wrong password must not paint it red. */
function isOurs(error: unknown): boolean {
  return !(error instanceof Problem) || error.status >= 500;
}

/**
 * Of an error Node-RED hands `code`, `stack` and `cause` to a Catch node, and nothing else. So that the rest of a
 * Problem (its errors, extensions and retry time) arrives too, the Problem travels as the cause.
 */
function caught(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  const { message, name, code, stack } = error;
  return Object.assign(new Error(message, { cause: error }), { name, code, stack });
}

function failed(error: unknown): NodeStatus {
  const text = error instanceof Error ? ((error as { code?: string }).code ?? error.message) : String(error);
  return { fill: 'red', shape: 'ring', text: text.slice(0, STATUS_TEXT_LIMIT) };
}
