import { collectDefaultMetrics, register } from 'prom-client';
import { type Controller, registerNode } from '../shared/node.ts';
import type { Message, Red } from '../shared/red.ts';

const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_seconds';

/** What prom-client's default registry holds, and the figures of the process itself. */
class Metrics implements Controller {
  constructor() {
    // A deploy makes the node again; the process's figures are there already then.
    if (!register.getSingleMetric(EVENT_LOOP_LAG)) collectDefaultMetrics();
  }

  async input(message: Message): Promise<Message> {
    return { ...message, payload: await register.metrics() };
  }
}

export default (red: Red) => registerNode(red, 'metrics', () => new Metrics());
