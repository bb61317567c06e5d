/** What prom-client's default registry holds, and the figures of the process itself. */
import { collectDefaultMetrics, register } from 'prom-client';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_seconds';

export class Metrics implements Controller {
  constructor() {
    // A deploy makes the node again; the process's figures are there already then.
    if (!register.getSingleMetric(EVENT_LOOP_LAG)) collectDefaultMetrics();
  }

  async input(message: Message): Promise<Message> {
    return { ...message, payload: await register.metrics() };
  }
}
