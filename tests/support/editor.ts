/** The editor's API, as the editor's page uses it. */
import type { FlowNode } from '../../runtime/flow-storage/document.ts';

export interface Flows {
  flows: FlowNode[];
  rev: string;
}

/** Asks for an access token. */
export async function logIn(
  url: string,
  username: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/editor/auth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username,
      password,
    }),
  });
}

/** A logged-in editor. */
export async function openEditor(url: string, username: string, password: string) {
  const login = await logIn(url, username, password);
  if (!login.ok) throw new Error(`Login refused: ${login.status} ${await login.text()}`);
  const { access_token } = (await login.json()) as { access_token: string };
  const headers = {
    authorization: `Bearer ${access_token}`,
    'content-type': 'application/json',
    'node-red-api-version': 'v2',
  };
  return {
    token: access_token,
    get: (path: string) => fetch(`${url}/editor/${path}`, { headers }),

    async flows(): Promise<Flows> {
      const response = await fetch(`${url}/editor/flows`, { headers });
      if (!response.ok) throw new Error(`Cannot read flows: ${response.status}`);
      return (await response.json()) as Flows;
    },

    /** @param type what the Deploy menu offers: all, changed flows, changed nodes, or read from disk again */
    deploy(flows: Partial<Flows>, type: 'full' | 'flows' | 'nodes' | 'reload' = 'full'): Promise<Response> {
      return fetch(`${url}/editor/flows`, {
        method: 'POST',
        headers: { ...headers, 'node-red-deployment-type': type },
        body: JSON.stringify(flows),
      });
    },
  };
}
