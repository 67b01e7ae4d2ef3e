import { afterAll, expect, vi } from 'vitest';
import { defineRoute, defineUpstream, type Provider, path, Type, type Upstream } from '../../src/index.ts';
import { answer, drip, end, json, later, onRequest, reset } from './behaviours.ts';
import { get, toEnvelope } from './client.ts';
import { deadlines, openLab } from './lab.ts';
import { closedPort, healthyAnswer, type OpenPlace, occupying, replaced, secure, serving } from './places.ts';
import { type Behaviour, startFaultServer } from './server.ts';
import { inParallel, play, story } from './story.ts';
import { createSelfSigned, overTls } from './tls.ts';

const lab = await openLab();
afterAll(() => lab.close());

const bare = { retry: false, breaker: false } as const;
const broken = onRequest(json('{}', {}, '500 Internal Server Error'));
const unavailable = onRequest(json('{}', {}, '503 Service Unavailable'));

const race = 'the idle keep-alive socket closes as we write (race)';

/** Answers the first request of each connection, and resets it at the next. */
function answerOnce(): Behaviour {
  const used = new WeakSet<object>();
  return onRequest((socket) => {
    if (used.has(socket)) socket.resetAndDestroy();
    else socket.write(json(healthyAnswer));
    used.add(socket);
  });
}

const post = (upstream: Upstream): Provider<object, unknown> =>
  upstream.provider({
    name: 'post',
    method: 'POST',
    output: Type.Unknown(),
    request: () => ({ path: path`/`, body: {} }),
  });

story(race, 'an idempotent call goes out once more, on a fresh connection', (setting) =>
  play(lab, setting, { fault: answerOnce(), policies: bare }, async ({ ask, server }) => {
    expect(await ask()).toBe('ok');
    expect(await ask()).toBe('ok');
    expect([server.requests, server.accepted]).toEqual([3, 2]);
  }),
);

story(race, 'any other call goes out once', (setting) =>
  play(lab, setting, { fault: answerOnce(), provider: post }, async ({ ask, server }) => {
    expect(await ask()).toBe('ok');
    expect(await ask()).toBe('unreachable');
    expect(server.requests).toBe(2);
  }),
);

story(race, 'a fresh connection that fails is not replaced', (setting) =>
  play(lab, setting, { fault: onRequest('HTTP/1.1 20', later(30, reset)), policies: bare }, async ({ ask, server }) => {
    await ask();
    expect(server.requests).toBe(1);
  }),
);

story(race, 'bytes of an answer are not thrown away for another', (setting) => {
  const used = new WeakSet<object>();
  const cutTheSecond = onRequest((socket) => {
    if (!used.has(socket)) socket.write(json(healthyAnswer));
    else socket.write('HTTP/1.1 200 OK\r\ncontent-', () => setTimeout(() => socket.resetAndDestroy(), 30));
    used.add(socket);
  });
  return play(lab, setting, { fault: cutTheSecond, provider: post }, async ({ ask, server }) => {
    expect(await ask()).toBe('ok');
    expect(['unreachable', 'protocol']).toContain(await ask());
    expect(server.requests).toBe(2);
  });
});

story('TLS: certificates are verified always', 'whatever the environment says', (setting) => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const selfSigned = occupying(answer(healthyAnswer), overTls(createSelfSigned()));
  return play(lab, setting, { fault: replaced(selfSigned, {}, secure) }, async ({ ask, server }) => {
    expect(await ask()).toBe('unreachable');
    expect(server.requests).toBe(0);
  });
});

story(
  'one of several addresses answering 500',
  'a list of origins: payload complete, at most one retry on another',
  async (setting) => {
    const bad = await startFaultServer(broken);
    const several: OpenPlace = async () => {
      const place = await serving(answer(healthyAnswer))();
      return { ...place, origin: [`http://127.0.0.1:${bad.port}`, ...[place.origin].flat()] };
    };
    await play(lab, setting, { fault: several }, async ({ ask, server }) => {
      for (let calls = 0; calls < 20; calls += 1) expect(await ask()).toBe('ok');
      expect(server.requests + bad.requests).toBeLessThanOrEqual(40);
    });
    await bad.close();
  },
);

for (const [name, fault] of [
  ['500', broken],
  ['503', unavailable],
  ['closed', onRequest(end)],
] as const) {
  story('5xx burst; always 500', `always ${name}: the load is 110 % at most, then probes only`, (setting) =>
    play(lab, setting, { fault }, async ({ ask, server }) => {
      for (let calls = 0; calls < 20; calls += 1) await inParallel(5, ask);
      expect(server.requests).toBeLessThanOrEqual(110);
      const sent = server.requests;
      expect(new Set(await inParallel(50, ask))).toEqual(new Set(['circuit_open']));
      expect(server.requests - sent).toBeLessThanOrEqual(3);
    }),
  );
}

story('5xx burst; always 500', 'a burst of 503 below the retry budget reaches no client', (setting) => {
  let left = 3;
  const burst = onRequest((socket) => {
    left -= 1;
    socket.write(json(healthyAnswer, {}, left >= 0 ? '503 Service Unavailable' : '200 OK'));
  });
  return play(lab, setting, { fault: burst }, async ({ ask }) => {
    expect(await inParallel(3, ask)).toEqual(['ok', 'ok', 'ok']);
  });
});

/** What each failure that counts comes of. */
const charged = {
  timeout: onRequest(),
  unreachable: onRequest(end),
  protocol: onRequest('garbage'),
  upstream_error: broken,
  invalid_response: onRequest(json('')),
};
for (const [code, fault] of Object.entries(charged)) {
  story('B counts for the breaker', `${code} opens it`, (setting) =>
    play(lab, setting, { fault, policies: { retry: false, timeout: 100 } }, async ({ ask }) => {
      expect(await ask()).toBe(code);
      await inParallel(20, ask);
      expect(await ask()).toBe('circuit_open');
    }),
  );
}

for (const status of ['404 Not Found', '429 Too Many Requests', '400 Bad Request']) {
  story('what does not speak against the upstream', `${status} opens no breaker`, (setting) =>
    play(lab, setting, { fault: onRequest(json('{}', {}, status)) }, async ({ ask, place }) => {
      for (let calls = 0; calls < 8; calls += 1) await inParallel(5, ask);
      await place.heal();
      expect(await ask()).toBe('ok');
    }),
  );
}

story('dead for minutes, then back', 'three probes at most in an open interval, recovered within two', (setting) => {
  const openMs = 300;
  const arrivals: number[] = [];
  const fault = onRequest(() => arrivals.push(performance.now()), json('{}', {}, '500 Internal Server Error'));
  return play(lab, setting, { fault, policies: { retry: false, breaker: { openMs } } }, async ({ ask, place }) => {
    await inParallel(20, ask);
    const openedAt = performance.now();
    while (performance.now() < openedAt + 4 * openMs) await inParallel(5, ask);
    // It has been open for 300 and 600 ms, each give or take a fifth; so probes stand at least 240 ms apart.
    const probes = arrivals.filter((at) => at > openedAt);
    expect(Math.max(...toBursts(probes, 120).map(({ length }) => length))).toBeLessThanOrEqual(3);
    await place.heal();
    const healedAt = performance.now();
    while ((await ask()) !== 'ok' && performance.now() < healedAt + 5_000);
    // The interval that runs is the third at most, 1,200 ms and a fifth.
    expect(performance.now() - healedAt).toBeLessThan(2 * 1_440);
    await inParallel(5, ask);
    expect(await inParallel(10, ask)).toEqual(Array.from({ length: 10 }, () => 'ok'));
  });
});

/** Cuts a list of points in time where more than `gapMs` lies between two. */
function toBursts(times: readonly number[], gapMs: number): readonly (readonly number[])[] {
  const bursts: number[][] = [];
  times.forEach((at, index) => {
    if (at - (times[index - 1] ?? -Infinity) > gapMs) bursts.push([]);
    bursts.at(-1)?.push(at);
  });
  return bursts;
}

story(
  'everything fails together',
  'answered by the deadline, with a status for each source',
  async ({ sources, optional }) => {
    const faults = [onRequest(), onRequest(drip('H')), broken, onRequest('garbage'), undefined].slice(0, sources);
    const servers = await Promise.all(faults.map((fault) => (fault ? startFaultServer(fault) : closedPort())));
    const route = defineRoute({ url: '/everything', summary: 'Nothing works', deadline: deadlines.short });
    const uses = servers.map(({ port }, index) => {
      const upstream = defineUpstream({ name: `u${index}`, origin: `http://127.0.0.1:${port}` });
      const provider = upstream.provider({ name: 'it', output: Type.Unknown(), request: () => ({ path: path`/` }) });
      return [`s${index}`, route.source(provider, { input: () => ({}), optional })] as const;
    });
    const app = await lab.start([route.merge(Object.fromEntries(uses))]);
    const answered = await get(`${app.origin}/everything`);
    const statuses = Object.values(toEnvelope(answered).sources ?? {}).map((source) => source?.status);
    expect(statuses).toEqual(servers.map(() => 'failed'));
    expect(answered.status).toBe(optional ? 200 : sources === 1 ? 504 : 502);
    expect(answered.ms).toBeLessThan(3 * deadlines.short);
    await app.close();
    await Promise.all(servers.map(({ close }) => close()));
  },
);

story('a required source that fails at once', 'the calls beside it that were cancelled hold up no other', (setting) =>
  play(lab, setting, { fault: broken, routes: [lab.steadyRoute('/steady')] }, async ({ ask, origin }) => {
    for (let calls = 0; calls < 100; calls += 1) await inParallel(5, ask);
    const { accepted } = lab.steady;
    expect(await get(`${origin}/steady`)).toMatchObject({ status: 200 });
    // Connections that are made for calls which nobody waits for any more.
    expect(lab.steady.accepted - accepted).toBeLessThan(20);
  }),
);

story('a request that cannot be sent', 'a bad header value is refused, and the connections stay of use', (setting) => {
  let value = 'line\r\nx-injected: 1';
  const withHeader = (upstream: Upstream): Provider<object, unknown> =>
    upstream.provider({
      name: 'it',
      output: Type.Unknown(),
      request: () => ({ path: path`/`, headers: { 'x-value': value } }),
    });
  return play(
    lab,
    setting,
    { fault: answer(healthyAnswer), provider: withHeader, upstream: { connections: 2 } },
    async ({ ask, server }) => {
      for (const bad of [value, 'a\0b', '\u20ac', 'a\nb']) {
        value = bad;
        expect(new Set(await inParallel(5, ask))).toEqual(new Set(['rejected']));
      }
      expect(server.requests).toBe(0);
      value = 'good';
      expect(await inParallel(5, ask)).toEqual(Array.from({ length: 5 }, () => 'ok'));
    },
  );
});
