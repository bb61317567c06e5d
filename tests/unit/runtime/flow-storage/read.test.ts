import assert from 'node:assert/strict';
import { parseFlows, parseOrder } from '../../../../runtime/flow-storage/read.ts';

const read = (files: Record<string, unknown>) =>
  parseFlows(
    new Map(
      Object.entries(files).map(([name, content]) => [
        name,
        typeof content === 'string' ? content : JSON.stringify(content, null, 2),
      ]),
    ),
  );
const tab = (id: string) => ({ id, type: 'tab', label: id });

describe('reading flow files', () => {
  it('refuses what is not JSON, with the place', () => {
    assert.throws(
      () => read({ 'a.json': '[\n  {"id": "a",\n   oops}\n]' }),
      /^FlowError: a\.json:3:4: Expected double-quoted property name$/,
    );
    assert.throws(() => read({ 'a.json': '[{"id":"a","type":"tab"}' }), /a\.json:1:25: /);
    assert.throws(() => read({ 'a.json': '' }), /a\.json:1:1: Unexpected end/);
  });

  it('refuses a conflict that git left in a file', () => {
    const text = '[\n<<<<<<< HEAD\n{"id":"a","type":"tab"}\n=======\n>>>>>>> x\n]';
    assert.throws(() => read({ 'a.json': text }), /a\.json:2:1/);
  });

  it('refuses an id that is used twice, in one file or in two', () => {
    const twice = [tab('a'), { id: 'n', type: 'debug', z: 'a' }, { id: 'n', type: 'inject', z: 'a' }];
    assert.throws(() => read({ 'a.json': twice }), /a\.json:13:5: the id 'n' is used before, in a\.json/);
    const files = { 'a.json': [tab('a')], 'b.json': [tab('b'), { id: 'a', type: 'debug', z: 'b' }] };
    assert.throws(() => read(files), /b\.json:8:5: the id 'a' is used before, in a\.json/);
  });

  it('refuses a node whose tab is unknown or in another file', () => {
    const node = { id: 'n', type: 'debug', z: 'b' };
    assert.throws(
      () => read({ 'a.json': [tab('a'), node] }),
      /a\.json:8:5: .*'n' stands on 'b', which is not there/,
    );
    const files = { 'a.json': [tab('a'), node], 'b.json': [tab('b')] };
    assert.throws(() => read(files), /'n' stands on 'b', which is in b\.json/);
  });

  it('refuses two tabs in one file, and configuration nodes beside a tab', () => {
    assert.throws(() => read({ 'a.json': [tab('a'), tab('b')] }), /a second tab, 'b'/);
    assert.throws(() => read({ 'config.json': [tab('a')] }), /'a' needs a file of its own/);
    const database = { id: 'db', type: 'MySQLdatabase' };
    assert.throws(() => read({ 'a.json': [tab('a'), database] }), /'db' stands on no tab.*config\.json/);
    assert.equal(read({ 'config.json': [database] }).length, 1);
  });

  it('refuses what is no array of nodes', () => {
    assert.throws(() => read({ 'a.json': {} }), /a\.json:1:1: an array/);
    assert.throws(() => read({ 'a.json': [tab('a'), { id: 'x' }] }), /a\.json: entry 1 is no node/);
    assert.throws(() => read({ 'a.json': [null] }), /entry 0 is no node/);
    assert.throws(() => parseOrder('{"a":1}'), /tabs\.json/);
  });
});
