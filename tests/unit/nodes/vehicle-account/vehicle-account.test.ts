import assert from 'node:assert/strict';
import { Problem } from '../../../../nodes/shared/problem.ts';
import type { NodeStatus } from '../../../../nodes/shared/red.ts';
import { VehicleAccount } from '../../../../nodes/vehicle-account/controller.ts';

describe('vehicle account', () => {
  let synced: string[][];
  let shown: NodeStatus[];
  let failure: Error | undefined;
  let node: VehicleAccount;

  beforeEach(() => {
    synced = [];
    shown = [];
    failure = undefined;
    const sync = async (ids: string[]) => {
      if (failure) throw failure;
      synced.push(ids);
    };
    node = new VehicleAccount({
      accounts: () => ({ sync }),
      idOf: (message) => message.vehicle,
      onStatus: (status) => shown.push(status),
    });
  });

  it("brings the vehicle's account in line and passes the message on", async () => {
    const message = { vehicle: 'truck-1', payload: 1 };
    assert.equal(await node.input(message), message);
    assert.deepEqual([synced, shown], [[['truck-1']], [{}]]);
  });

  it('goes on without the broker, and says so', async () => {
    failure = new Problem('unavailable');
    const message = { vehicle: 'truck-1' };
    assert.equal(await node.input(message), message);
    assert.equal(shown[0]?.fill, 'yellow');
  });

  it('does not hide that the database failed', async () => {
    failure = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    await assert.rejects(node.input({ vehicle: 'truck-1' }), /gone/);
  });

  it('refuses a message that names no vehicle', async () => {
    await assert.rejects(node.input({ payload: {} }), { code: 'bad_request' });
  });
});
