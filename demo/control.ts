import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { modes, SettingError, showSetting, toSetting } from './modes.ts';
import { createDemoServer, type Embedded } from './server.ts';

/**
 * The switchboard of the demo. `GET /` shows every upstream and every mode; `PUT /<upstream>?mode=slow&ms=3000` changes
 * one upstream, `PUT /?mode=ok` all of them. What is wrong with a request is said in `error`.
 */
export function createControl(upstreams: readonly Embedded[]): Server {
  return createDemoServer((request, response) => {
    handle(upstreams, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: String(error) }),
    );
  });
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function handle(upstreams: readonly Embedded[], { method, url = '/' }: IncomingMessage): Promise<Reply> {
  const { pathname, searchParams } = new URL(url, 'http://control.invalid');
  const name = pathname.slice(1);
  const chosen = upstreams.filter((upstream) => name === '' || upstream.name === name);
  if (chosen.length === 0) {
    return {
      status: 404,
      body: { error: `no such upstream; there are ${upstreams.map((known) => known.name).join(', ')}` },
    };
  }
  if (method === 'GET') return { status: 200, body: { upstreams: show(chosen), modes: describeModes() } };
  if (method !== 'PUT') return { status: 405, body: { error: 'GET shows the modes, PUT changes them' } };
  try {
    const setting = toSetting(searchParams);
    for (const upstream of chosen) await upstream.change(setting);
    return { status: 200, body: { upstreams: show(chosen) } };
  } catch (error) {
    if (error instanceof SettingError) return { status: 400, body: { error: error.message } };
    throw error;
  }
}

const show = (upstreams: readonly Embedded[]) =>
  Object.fromEntries(upstreams.map(({ name, origin, setting }) => [name, { ...showSetting(setting()), origin }]));

const describeModes = () => Object.fromEntries(Object.entries(modes).map(([mode, { about }]) => [mode, about]));

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
