import { openPool } from '../shared/mysql.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type TransactionConfig, TransactionController } from './controller.ts';

export default function (red: Red): void {
  registerNode<TransactionConfig>(red, 'transaction', ({ node, config }) => {
    const controller = new TransactionController(config, () => openPool(red, config.database));
    node.status({});
    return controller;
  });
}
