/** docs/device-protocol.md says what the contracts say. Its session is run by tests/flows/simulator.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { contracts } from '../../api-contracts/index.ts';
import { catalogue } from '../../nodes/shared/catalogue.ts';
import { type CompiledContract, compileContract } from '../../nodes/shared/ingest/contract.ts';
import type { MqttContract } from '../../nodes/shared/settings.ts';

const page = readFileSync(new URL('../../docs/device-protocol.md', import.meta.url), 'utf8');
const mqtt = contracts.mqtt as unknown as Record<string, MqttContract>;

const vehicles: Record<string, unknown>[] = JSON.parse(
  readFileSync(new URL('../../flows/vehicles.json', import.meta.url), 'utf8'),
);

/** The JSON examples, with the contract that the page names for them. */
const examples = [...page.matchAll(/^( *)```json(?: (\S+))?\n([\s\S]*?)\n\1```$/gm)].map(
  ([, , name, text]) => ({
    name,
    value: JSON.parse(text!) as unknown,
  }),
);

describe('docs/device-protocol.md', () => {
  for (const name of Object.keys(mqtt)) {
    it(`has examples of ${name} that the contract accepts`, () => {
      const contract: CompiledContract = compileContract(mqtt[name]!);
      const values = examples.filter((example) => example.name === name).map(({ value }) => value);
      assert.ok(values.length > 0, 'no example');
      for (const value of values) {
        const items = Array.isArray(value) ? value : [value];
        assert.ok(!Array.isArray(value) || contract.maxItems >= items.length);
        for (const item of items) assert.equal(contract.check(item), undefined);
      }
    });
  }

  it('shows every property of a sample', () => {
    const { properties } = mqtt.telemetry!.schema as { properties: Record<string, unknown> };
    const shown = examples.filter(({ name }) => name === 'telemetry').flatMap(({ value }) => value);
    const missing = Object.keys(properties).filter(
      (property) => !shown.some((sample) => Object.hasOwn(sample as object, property)),
    );
    // The topic names the vehicle.
    assert.deepEqual(missing, ['id', 'vehicle_id']);
  });

  it('says how many samples an array may hold', () => {
    const { maxItems } = mqtt.telemetry!;
    assert.match(page, new RegExp(`an array of up to ${maxItems}\\b`));
    assert.match(page, new RegExp(`\\| samples in an array \\| ${maxItems} \\|`));
  });

  it('says how far a time may be off', () => {
    const limits = vehicles
      .filter(({ type }) => type === 'mqtt batch in')
      .filter(({ contract }) => contract !== 'provision.request');
    assert.equal(limits.length, 2);
    for (const { maxAgeDays, maxAheadMinutes } of limits) {
      assert.ok(page.includes(`at most ${maxAgeDays} days back and ${maxAheadMinutes} minutes ahead`));
    }
  });

  it('lists the error codes that a device may hear, all of them from the catalogue', () => {
    const listed = [...page.matchAll(/^\| `(\w+)` \| (?:telemetry|status|provision)/gm)].map(
      ([, code]) => code!,
    );
    const known = Object.keys(catalogue);
    const ofDevices = known.slice(known.indexOf('not_registered'));
    for (const code of listed) assert.ok(known.includes(code), `${code} is not in the catalogue`);
    for (const code of ofDevices) assert.ok(listed.includes(code), `${code} is not on the page`);
  });

  it('has links that lead somewhere', () => {
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(
      ([, title]) =>
        `#${title!
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-')}`,
    );
    const links = [...page.matchAll(/\]\((#[^)]+)\)/g), ...page.matchAll(/\]\(\n?(#[^)]+)\)/g)].map(
      ([, link]) => link!,
    );
    for (const link of links) assert.ok(anchors.includes(link), link);
  });
});
