import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { createLookup, PrivateAddressError } from '../../src/http/lookup.ts';

const toAddress = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });

/** Answers with these addresses, as often as it is asked. */
function resolveTo(...addresses: readonly string[]): LookupFunction & { asked: number } {
  const lookup = Object.assign(
    ((_name, _options, callback) => {
      lookup.asked += 1;
      callback(null, addresses.map(toAddress));
    }) as LookupFunction,
    { asked: 0 },
  );
  return lookup;
}

const ask = (lookup: LookupFunction, name = 'name.test', all = true) =>
  new Promise<string | readonly LookupAddress[]>((resolve, reject) => {
    lookup(name, { all }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

describe('a name', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
  ])('may not lead to %s, unless it is said that it may', async (address) => {
    await expect(
      ask(createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolveTo(address))),
    ).rejects.toBeInstanceOf(PrivateAddressError);
    expect(await ask(createLookup({ privateAddresses: true, patienceMs: 1_000 }, resolveTo(address)))).toEqual([
      toAddress(address),
    ]);
  });

  test.each(['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.128.0.1', '192.167.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])(
    'may lead to %s',
    async (address) => {
      expect(await ask(createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolveTo(address)))).toEqual([
        toAddress(address),
      ]);
      expect(
        await ask(createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolveTo(address)), 'name.test', false),
      ).toBe(address);
    },
  );

  test('leads to those of its addresses that it may lead to', async () => {
    expect(
      await ask(
        createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolveTo('10.0.0.1', '1.1.1.1', 'fe80::1')),
      ),
    ).toEqual([toAddress('1.1.1.1')]);
  });

  test('that leads nowhere is an error', async () => {
    await expect(ask(createLookup({ privateAddresses: true, patienceMs: 1_000 }, resolveTo()))).rejects.toThrow();
  });

  test.each(['localhost', 'api.localhost'])('that says loopback may lead there: %s', async (name) => {
    expect(
      await ask(createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolveTo('127.0.0.1')), name),
    ).toEqual([toAddress('127.0.0.1')]);
  });

  test('is looked up once for all who ask meanwhile, and anew for those who come later', async () => {
    const waiting: (() => void)[] = [];
    const resolve: LookupFunction = (_name, _options, callback) =>
      waiting.push(() => callback(null, [toAddress('1.1.1.1')]));
    const lookup = createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolve);

    const answers = [ask(lookup), ask(lookup), ask(lookup, 'other.test')];
    expect(waiting).toHaveLength(2);
    for (const go of waiting) go();
    expect(await Promise.all(answers)).toEqual(Array(3).fill([toAddress('1.1.1.1')]));

    void ask(lookup);
    expect(waiting).toHaveLength(3);
  });

  test('is looked up anew, a few times at most, when a lookup is taken for lost', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const waiting: (() => void)[] = [];
    const resolve: LookupFunction = (_name, _options, callback) =>
      waiting.push(() => callback(null, [toAddress('1.1.1.1')]));
    const lookup = createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolve);
    for (const lookups of [1, 2, 3, 3]) {
      void ask(lookup);
      expect(waiting).toHaveLength(lookups);
      vi.advanceTimersByTime(1_000);
    }
    vi.useRealTimers();
  });

  test('that does not resolve fails for all who ask', async () => {
    const resolve: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '', 0);
    await expect(ask(createLookup({ privateAddresses: false, patienceMs: 1_000 }, resolve))).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });
});
