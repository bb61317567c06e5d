import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { Metrics } from './controller.ts';

export default (red: Red) => registerNode(red, 'metrics', () => new Metrics());
