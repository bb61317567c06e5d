import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type PasswordConfig, PasswordController } from './controller.ts';

export default function (red: Red): void {
  registerNode<PasswordConfig>(red, 'password', ({ config }) => new PasswordController(config));
}
