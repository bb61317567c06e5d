import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { ClaimCode } from './controller.ts';

interface Config {
  hours: number;
}

export default (red: Red) =>
  registerNode<Config>(red, 'claim code', ({ config }) => new ClaimCode(Number(config.hours)));
