/** Ports of this machine's loopback interface. */
import { type AddressInfo, createServer, type Server } from 'node:net';

/**
 * A different free port for each entry: the preferred one, where nobody listens on it, otherwise any.
 * Between the answer and its use somebody else may take it: the server's start then says so.
 */
export async function freePorts(...preferred: (number | undefined)[]): Promise<number[]> {
  const held = await Promise.all(preferred.map(async (port) => (await hold(port ?? 0)) ?? (await hold(0))!));
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return held.map((server) => server.port);
}

/** Whether somebody listens there already. */
export async function isTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = await hold(port, host);
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  return server === undefined;
}

function hold(port: number, host = '127.0.0.1'): Promise<(Server & { port: number }) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    server.listen(port, host, () => {
      resolve(Object.assign(server, { port: (server.address() as AddressInfo).port }));
    });
  });
}
