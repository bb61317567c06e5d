/** Whether the flows run: from the events that Node-RED emits around a start and a deploy. */
import type { EventEmitter } from 'node:events';
import { Problem } from '../shared/problem.ts';

export class FlowsState {
  readonly #events: EventEmitter;
  // A node is made while its flow starts.
  #running = false;
  readonly #started = () => {
    this.#running = true;
  };
  readonly #stopping = () => {
    this.#running = false;
  };

  constructor(events: EventEmitter) {
    this.#events = events;
    events.on('flows:started', this.#started);
    events.on('flows:stopping', this.#stopping);
  }

  /** @throws Problem `unavailable` while flows start, stop or are deployed */
  check(): void {
    if (!this.#running) throw new Problem('unavailable', 'The flows are starting.');
  }

  close(): void {
    this.#events.off('flows:started', this.#started);
    this.#events.off('flows:stopping', this.#stopping);
  }
}
