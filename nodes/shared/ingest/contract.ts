/** An MQTT contract compiled for the hot path: one verdict an item, the first complaint as a sentence. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { closeObjects } from '../http/schemas.ts';
import type { MqttContract } from '../settings.ts';
import { parseTime } from './time.ts';

export interface CompiledContract {
  /** A message may be an array of up to that many items; 0: it is one item. */
  maxItems: number;
  /** @returns undefined for a valid item, otherwise what is wrong with it */
  check(item: unknown): string | undefined;
}

/** @throws for a schema that ajv does not take */
export function compileContract(contract: MqttContract): CompiledContract {
  // strictNumbers (ajv's default) refuses what JSON.parse makes of 1e400: Infinity.
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictNumbers: true });
  ajv.addFormat('date-time', { type: 'string', validate: (text) => parseTime(text) !== undefined });
  const validate = ajv.compile(closeObjects(contract.schema));
  return {
    maxItems: contract.maxItems ?? 0,
    check: (item) => (validate(item) ? undefined : complaint(validate.errors![0]!)),
  };
}

function complaint(error: ErrorObject): string {
  const { missingProperty, additionalProperty, allowedValues } = error.params as Record<string, unknown>;
  const place = error.instancePath ? `${error.instancePath} ` : '';
  if (missingProperty !== undefined) return `${place}"${missingProperty}" is missing.`;
  if (additionalProperty !== undefined) return `${place}"${additionalProperty}" is not a known property.`;
  if (Array.isArray(allowedValues)) return `${place}must be one of: ${allowedValues.join(', ')}.`;
  return `${place}${error.message}.`;
}
