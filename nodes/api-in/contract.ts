/** The contract of an endpoint: one of the settings, by name, or a JSON Schema typed into the form. */
import type { Method } from '../shared/http/endpoint.ts';
import type { Red } from '../shared/red.ts';
import { cauceSettings, type HttpContract, type JsonSchema } from '../shared/settings.ts';

export interface ContractChoice {
  /** Name of a contract of the settings. */
  contract?: string;
  /** JSON Schema text: of the body, or of the query of a GET and DELETE. Used when no contract is chosen. */
  schema?: string;
  name?: string;
}

/** @throws Error for a name that the settings do not have, SyntaxError for a schema that is not JSON */
export function chooseContract(red: Red, choice: ContractChoice, method: Method): HttpContract {
  if (choice.contract) {
    const contract = cauceSettings(red).contracts.http[choice.contract];
    if (!contract) throw new Error(`There is no contract named ${choice.contract}.`);
    return contract;
  }
  const schema = choice.schema?.trim() ? (JSON.parse(choice.schema) as JsonSchema) : undefined;
  const place = method === 'GET' || method === 'DELETE' ? 'query' : 'body';
  return {
    summary: choice.name || 'An endpoint without a contract',
    tag: 'other',
    ...(schema && { [place]: schema }),
    responses: {},
  };
}
