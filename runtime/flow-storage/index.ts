/** Node-RED's storage API (`storageModule`) over the flow files and the editor's own data. */
import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import type { FlowNode } from './document.ts';
import { type FlowStoreOptions, openFlowStore } from './flow-store.ts';
import { openUserData } from './user-data.ts';

interface Runtime {
  log: { warn(text: string): void };
}

export interface StorageOptions extends FlowStoreOptions {
  /** Runs once, before anything is loaded. What it throws ends the start. */
  prepare(): Promise<void>;
  /** Told why the runtime cannot start: Node-RED itself would log it and stay, without flows. */
  fail(error: unknown): void;
}

/** @see https://nodered.org/docs/api/storage/methods/ */
export function createStorage({ prepare, fail, ...options }: StorageOptions) {
  const store = openFlowStore(options);
  let runtime: Runtime;
  let loaded: ReturnType<typeof store.load> | undefined;

  return {
    async init(_settings: unknown, started: Runtime): Promise<void> {
      runtime = started;
      try {
        await prepare();
        // Already here, because Node-RED carries on with no flows when a later `getFlows` throws.
        loaded = store.load();
      } catch (error) {
        fail(error);
        throw error;
      }
    },

    /** Called at the start, and again by Deploy ▸ Restart Flows. */
    async getFlows(): Promise<FlowNode[]> {
      loaded ??= store.load();
      return loaded.flows;
    },

    /** Always follows a `getFlows`, and belongs to it. */
    async getCredentials(): Promise<Credentials> {
      const { credentials } = loaded ?? store.load();
      loaded = undefined;
      return credentials;
    },

    /** Always followed by a `saveFlows`: kept until then, so that one deploy is written at once. */
    async saveCredentials(credentials: Credentials): Promise<void> {
      store.stage(credentials);
    },

    async saveFlows(flows: FlowNode[]): Promise<void> {
      for (const name of store.save(flows)) {
        runtime.log.warn(
          `${name} was changed outside the editor and is not loaded: Deploy ▸ Restart Flows loads it.`,
        );
      }
    },

    ...openUserData(join(options.dataDir, 'node-red')),
  };
}
