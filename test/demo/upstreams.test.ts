import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixedPorts, startUpstreams, upstreamNames } from '../../demo/upstreams.ts';

describe('startUpstreams', () => {
  it('starts all upstreams on ports of their own, and stops them', async () => {
    const upstreams = await startUpstreams();
    expect(Object.keys(upstreams.origins)).toEqual([...upstreamNames]);
    expect(new Set([...Object.values(upstreams.origins), upstreams.control]).size).toBe(upstreamNames.length + 1);
    await upstreams.close();
    await expect(fetch(upstreams.control)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('has a fixed port for each, all different', () => {
    expect(new Set(Object.values(fixedPorts)).size).toBe(upstreamNames.length + 1);
  });

  it('takes the port it is given, and a free one when that is taken', async () => {
    const first = await startUpstreams({ names: ['rates'] });
    const port = Number(new URL(first.origins['rates'] ?? '').port);
    const second = await startUpstreams({ names: ['rates'], ports: { rates: port } });
    expect(second.origins['rates']).not.toBe(first.origins['rates']);
    await first.close();
    const third = await startUpstreams({ names: ['rates'], ports: { rates: port } });
    expect(third.origins['rates']).toBe(first.origins['rates']);
    await second.close();
    await third.close();
  });

  it('does not keep the process alive, not even for a request that hangs', async () => {
    const module = join(import.meta.dirname, '../../demo/upstreams.ts');
    const script = `
      const { startUpstreams } = await import(${JSON.stringify(module)});
      const { origins, control } = await startUpstreams({ names: ['rates'] });
      await (await fetch(control + '/rates?mode=slow&ms=500000', { method: 'PUT' })).text();
      const socket = (await import('node:net')).connect(new URL(origins.rates).port, '127.0.0.1');
      socket.write('GET /v1/latest HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n', () => socket.unref());`;
    const program = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const timer = setTimeout(() => program.kill('SIGKILL'), 20_000);
    const [code] = await once(program, 'exit');
    clearTimeout(timer);
    expect(code).toBe(0);
  }, 30_000);
});
