import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startUpstreams, type Upstreams } from '../../demo/upstreams.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams({ names: ['rates', 'timezones'] });
});
afterEach(() => put('/?mode=ok'));
afterAll(() => upstreams.close());

async function control(method: string, path: string) {
  const response = await fetch(upstreams.control + path, { method });
  return { status: response.status, body: JSON.parse(await response.text()) };
}
const put = (path: string) => control('PUT', path);
const ask = (options?: RequestInit) => fetch(`${upstreams.origins['rates']}/v1/latest?symbols=USD`, options);
const statuses = async (count: number) => {
  const seen: number[] = [];
  while (seen.length < count) seen.push((await ask()).status);
  return seen;
};

describe('modes', () => {
  it('slow answers after the time', async () => {
    await put('/rates?mode=slow&ms=150');
    const startedAt = performance.now();
    const response = await ask();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149);
    expect(response.status).toBe(200);
  });

  it('hang never answers', async () => {
    await put('/rates?mode=hang');
    await expect(ask({ signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/i);
  });

  it('drip answers everything, byte by byte', async () => {
    const whole = await (await ask()).text();
    await put('/rates?mode=drip&ms=1');
    const chunks: number[] = [];
    let text = '';
    for await (const chunk of (await ask()).body ?? []) {
      chunks.push(chunk.length);
      text += Buffer.from(chunk).toString('latin1');
    }
    expect(text).toBe(whole);
    expect(chunks.length).toBeGreaterThan(10);
  });

  it('error answers a status of choice', async () => {
    await put('/rates?mode=error');
    expect(await statuses(2)).toEqual([500, 500]);
    await put('/rates?mode=error&status=503');
    expect(await statuses(1)).toEqual([503]);
  });

  it('flaky answers each so many requests', async () => {
    await put('/rates?mode=flaky');
    expect(await statuses(4)).toEqual([503, 200, 503, 200]);
    await put('/rates?mode=flaky&every=3');
    expect(await statuses(3)).toEqual([503, 503, 200]);
  });

  it('limited asks to come back later', async () => {
    await put('/rates?mode=limited&seconds=7');
    const response = await ask();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('garbage says it is JSON', async () => {
    await put('/rates?mode=garbage');
    const response = await ask();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it('truncated leaves in the middle', async () => {
    await put('/rates?mode=truncated');
    const response = await ask();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('reset resets the connection', async () => {
    await put('/rates?mode=reset');
    await expect(ask()).rejects.toMatchObject({ cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) } });
  });

  it('refuse takes no connections, and then does again at the same port', async () => {
    await put('/rates?mode=refuse');
    await expect(ask()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await put('/rates?mode=refuse');
    await put('/rates?mode=ok');
    expect(await statuses(1)).toEqual([200]);
  });

  it("is one upstream's own", async () => {
    await put('/rates?mode=error');
    const other = await fetch(`${upstreams.origins['timezones']}/api/timezone/coordinate?latitude=0&longitude=0`);
    expect(other.status).toBe(200);
  });
});

describe('the demo control', () => {
  it('shows every upstream and every mode', async () => {
    await put('/rates?mode=slow&ms=20');
    const { status, body } = await control('GET', '/');
    expect(status).toBe(200);
    expect(body.upstreams).toEqual({
      rates: { mode: 'slow', ms: 20, origin: upstreams.origins['rates'] },
      timezones: { mode: 'ok', origin: upstreams.origins['timezones'] },
    });
    expect(Object.keys(body.modes)).toEqual(
      expect.arrayContaining(['ok', 'slow', 'hang', 'error', 'garbage', 'reset', 'flaky', 'refuse']),
    );
  });

  it('shows one upstream', async () => {
    expect(Object.keys((await control('GET', '/rates')).body.upstreams)).toEqual(['rates']);
  });

  it('answers what it has changed, defaults filled in', async () => {
    expect(await put('/rates?mode=slow')).toMatchObject({
      status: 200,
      body: { upstreams: { rates: { mode: 'slow', ms: 3_000 } } },
    });
  });

  it('changes all at once', async () => {
    await put('/?mode=error&status=502');
    const { body } = await control('GET', '/');
    expect(body.upstreams).toMatchObject({
      rates: { mode: 'error', status: 502 },
      timezones: { mode: 'error', status: 502 },
    });
  });

  it.each([
    ['/rates', 400, '"mode" is one of ok, slow, hang'],
    ['/rates?mode=constructor', 400, '"mode" is one of ok, slow, hang'],
    ['/rates?mode=slow&ms=soon', 400, '"ms" is a whole number from 1 to 600000'],
    ['/rates?mode=slow&ms=', 400, '"ms" is a whole number from 1 to 600000'],
    ['/rates?mode=slow&ms=600001', 400, '"ms" is a whole number from 1 to 600000'],
    ['/rates?mode=slow&status=500', 400, 'mode slow takes only "ms", once'],
    ['/rates?mode=slow&ms=1&ms=2', 400, 'mode slow takes only "ms", once'],
    ['/rates?mode=hang&ms=5', 400, 'mode hang takes nothing else'],
    ['/weather?mode=ok', 404, 'no such upstream; there are rates, timezones'],
  ])('refuses PUT %s', async (path, status, error) => {
    expect(await put(path)).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
    expect((await control('GET', '/rates')).body.upstreams.rates.mode).toBe('ok');
  });

  it('takes GET and PUT only', async () => {
    expect((await control('POST', '/rates?mode=hang')).status).toBe(405);
  });
});
