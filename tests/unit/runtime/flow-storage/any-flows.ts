/** Arbitrary flows that Node-RED could have exported. */
import fc from 'fast-check';
import type { FlowNode } from '../../../../runtime/flow-storage/document.ts';

const properties = fc.dictionary(
  fc.constantFrom('name', 'x', 'y', 'wires', 'g', 'info', 'env', 'é', 'a"b', '10', 'func'),
  fc.jsonValue({ maxDepth: 3 }),
  { maxKeys: 5 },
);

/** Tabs, subflows, what stands on them, and configuration nodes with and without a tab, in any order. */
export function anyFlows(): fc.Arbitrary<FlowNode[]> {
  const ids = fc.uniqueArray(
    fc.oneof(fc.stringMatching(/^[a-f0-9]{16}$/), fc.string({ minLength: 1, maxLength: 8 })),
    {
      minLength: 1,
      maxLength: 14,
    },
  );
  return ids
    .chain((all) =>
      fc.tuple(
        ...all.map((id) =>
          fc.record({
            id: fc.constant(id),
            kind: fc.constantFrom('tab', 'subflow', 'node', 'node', 'node', 'group', 'config'),
            label: fc.string({ maxLength: 6 }),
            place: fc.nat(),
            properties,
          }),
        ),
      ),
    )
    .map((drafts) => {
      const places = drafts.filter(({ kind }) => kind === 'tab' || kind === 'subflow').map(({ id }) => id);
      const flows = drafts.map(({ id, kind, label, place, properties: { ...rest } }): FlowNode => {
        if (kind === 'tab' || kind === 'subflow') return { ...rest, id, type: kind, label };
        const z = kind === 'config' || places.length === 0 ? undefined : places[place % places.length]!;
        return { ...rest, id, type: kind === 'group' ? 'group' : `any ${kind}`, ...(z && { z }) };
      });
      // As they came over HTTP: JSON has no -0.
      return JSON.parse(JSON.stringify(flows));
    });
}
