import assert from 'node:assert/strict';
import { isDeviceId, topicTemplate } from '../../../../../nodes/shared/ingest/batch.ts';
import { Retry } from '../../../../../nodes/shared/ingest/retry.ts';
import {
  batchFinished,
  dropBatch,
  holding,
  idleTime,
  openBatch,
  settleBatch,
} from '../../../../../nodes/shared/ingest/settlement.ts';
import { sqlName, sqlNumber, sqlText, sqlTime } from '../../../../../nodes/shared/ingest/sql-text.ts';
import { parseTime } from '../../../../../nodes/shared/ingest/time.ts';

describe('topics that we publish to', () => {
  it('are made of valid ids only', () => {
    const topicOf = topicTemplate('vehicles/{vehicle_id}/acks');
    assert.equal(topicOf({ vehicle_id: 'v-1' }), 'vehicles/v-1/acks');
    for (const id of ['+', '#', 'a/b', 'a b', '$SYS', '', 'x'.repeat(65), 'é']) {
      assert.equal(topicOf({ vehicle_id: id }), undefined, id);
    }
    assert.equal(topicOf({}), undefined);
  });

  it('may hold what ids may hold', () => {
    assert.ok(isDeviceId('A-z_0.9:x'));
  });
});

describe('SQL literals', () => {
  it('are plain where nothing in them could end them, and hexadecimal otherwise', () => {
    assert.equal(sqlText('añ "b"'), `'añ "b"'`);
    assert.equal(sqlText(`o'clock`), `_utf8mb4 X'6f27636c6f636b'`);
    assert.equal(sqlText('back\\slash'), `_utf8mb4 X'6261636b5c736c617368'`);
    assert.equal(sqlText('\0'), `_utf8mb4 X'00'`);
  });

  it('of numbers are numbers; what is none is left to the server to refuse', () => {
    assert.equal(sqlNumber(-0.5), '-0.5');
    assert.equal(sqlNumber(1e21), '1e+21');
    assert.equal(sqlNumber(Number.NaN), `'NaN'`);
    assert.equal(sqlNumber('1; DROP'), `'1; DROP'`);
  });

  it('of times are UTC with milliseconds', () => {
    assert.equal(sqlTime(0), `'1970-01-01 00:00:00.000'`);
  });

  it('of names keep their backticks inside', () => {
    assert.equal(sqlName('a`b'), '`a``b`');
  });
});

describe('times of devices', () => {
  it('are RFC 3339 or milliseconds', () => {
    assert.equal(parseTime('1970-01-01T00:00:01Z'), 1_000);
    assert.equal(parseTime('1970-01-01T01:00:01.5+01:00'), 1_500);
    assert.equal(parseTime(5), 5);
    for (const text of [
      '',
      'now',
      '1970-01-01',
      '1970-01-01 00:00:00Z',
      '1970-13-01T00:00:00Z',
      '1970-01-01T24:00:00Z',
      null,
      {},
    ]) {
      assert.equal(parseTime(text), undefined, String(text));
    }
    assert.equal(parseTime(Number.NaN), undefined);
  });
});

describe('the settlement of a batch', () => {
  it('happens once', () => {
    let settled = 0;
    const token = openBatch(() => settled++);
    settleBatch(token);
    settleBatch(token);
    assert.equal(settled, 1);
    assert.equal(idleTime(token), undefined);
  });

  it('does nothing for a batch that was dropped', () => {
    let settled = 0;
    const token = openBatch(() => settled++);
    dropBatch(token);
    settleBatch(token);
    assert.equal(settled, 0);
  });

  it('knows whether a node holds the batch, also one that fails', async () => {
    const token = openBatch(() => {});
    await assert.rejects(
      holding(token, async () => {
        assert.equal(idleTime(token), 0);
        throw new Error('failed');
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 2));
    assert.ok(idleTime(token)! > 0);
    dropBatch(token);
  });

  it('is waited for while a node works on it', async () => {
    const token = openBatch(() => {});
    const work = holding(token, async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      settleBatch(token);
    });
    await batchFinished(token, 5_000);
    assert.equal(idleTime(token), undefined);
    await work;
  });
});

describe('retrying', () => {
  const node = () => {
    const said: string[] = [];
    return {
      said,
      status: ({ text }: { text?: string }) => void said.push(text ?? ''),
      warn: (text: unknown) => void said.push(String(text)),
    };
  };

  it('goes on until it succeeds, and tells once each way', async () => {
    const shown = node();
    let attempts = 0;
    const result = await new Retry(shown).until(async () => {
      attempts++;
      if (attempts < 3) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      return 'stored';
    });
    assert.equal(result, 'stored');
    assert.equal(attempts, 3);
    assert.deepEqual(
      shown.said.filter((text) => text.includes('database')),
      ['The database does not take the batch, retrying: connect', 'The database answers again.'],
    );
  });

  it('ends when the node closes', async () => {
    const retry = new Retry(node());
    const failing = retry.until(async () => {
      throw new Error('away');
    });
    setTimeout(() => retry.close(), 20);
    await assert.rejects(failing, /away/);
  });
});
