/** What the editor's forms know of the contracts: a name, what it is, and the parameters of its path. */
import type { Red } from '../red.ts';
import { cauceSettings } from '../settings.ts';

export interface ContractSummary {
  name: string;
  summary: string;
  tag: string;
  parameters: string[];
}

export function contractCatalogue(red: Red): ContractSummary[] {
  return Object.entries(cauceSettings(red).contracts.http)
    .map(([name, { summary, tag, params }]) => {
      return {
        name,
        summary,
        tag,
        parameters: Object.keys((params?.properties as object | undefined) ?? {}),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}
