/** What an operator asks a worker: whether it is well, and what it does. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RegattaError } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';

export interface Health {
  /** False: give it no more to do, or start it anew. */
  readonly isWell: boolean;
  readonly about: Json;
}

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface OperationsOptions {
  readonly port: number;
  readonly health: () => Health;
  readonly metrics: () => Promise<readonly Metric[]>;
}

export interface OperationsServer extends AsyncDisposable {
  /** What it listens on: the one that was asked for, or a free one for 0. */
  readonly port: number;
}

/** `GET /health` and `GET /metrics`, on all addresses. @throws RegattaError `engine/bad-port` */
export async function serveOperations({
  port,
  health,
  metrics,
}: OperationsOptions): Promise<OperationsServer> {
  const server = createServer(async ({ url = '/' }, response) => {
    const [path] = url.split('?');
    try {
      if (path === '/health') {
        const { isWell, about } = health();
        response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ status: isWell ? 'ok' : 'unwell', ...(about as object) }));
      } else if (path === '/metrics') {
        const text = (await metrics()).map(toText).join('');
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(text);
      } else {
        response.writeHead(404).end();
      }
    } catch {
      response.writeHead(503).end(); // the database is away: `/health` says so, too
    }
  });
  server.listen(port);
  await Promise.race([once(server, 'listening'), failed(server, port)]);
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function failed(server: Server, port: number): Promise<never> {
  const [cause] = await once(server, 'error');
  const message = `Port ${port} cannot be listened on. Choose another one, or 0 for any that is free.`;
  throw new RegattaError('engine/bad-port', message, { port }, { cause });
}

/** In Prometheus's text format. */
function toText({ name, type, help, values }: Metric): string {
  const lines = values.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, label]) => `${key}=${JSON.stringify(label)}`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
