import { afterEach, expect, test, vi } from 'vitest';
import { defaultJsonLimits } from '../../src/json/verdict.ts';
import { createWorkspace } from '../../src/json/workspace.ts';
import { openWasmCheck } from './checks.ts';

// The types of Node have no WebAssembly; the tests run on a Node that has it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => object;
};

const { Module, Instance } = WebAssembly;
const instances = vi.fn();

/** WebAssembly whose instances are counted. */
function countInstances(): void {
  function CountedInstance(module: object): object {
    instances();
    return new Instance(module);
  }
  vi.stubGlobal('WebAssembly', { Module, Instance: CountedInstance });
}

const stringOf = (length: number) => Buffer.from(`"${'x'.repeat(length - 2)}"`);
const small = Buffer.from('[1]');

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
  instances.mockClear();
});

test('documents of any size follow one another in one memory', () => {
  countInstances();
  const check = openWasmCheck();
  for (const length of [3, 65_000, 65_480, 65_536, 65_540, 131_072, 7, 1_000_000, 5_000_000, 12]) {
    expect(check(stringOf(length), defaultJsonLimits), `${length} bytes`).toBe('ok');
    expect(check(stringOf(length).subarray(0, -1), defaultJsonLimits), `${length} bytes, cut short`).toBe('not_json');
  }
  expect(instances).toHaveBeenCalledTimes(1);
});

test('a document may end anywhere in a page of memory', () => {
  const check = openWasmCheck();
  for (let length = 64_000; length < 65_560; length += 1) {
    expect(check(stringOf(length), defaultJsonLimits), `${length} bytes`).toBe('ok');
  }
});

test('a memory above 1 MiB is given up after 1,000 checks that did not need it', () => {
  countInstances();
  const check = openWasmCheck();
  const run = (bytes: Buffer, times: number) => {
    for (let i = 0; i < times; i += 1) expect(check(bytes, defaultJsonLimits)).toBe('ok');
  };
  run(stringOf(2_000_000), 1);
  run(small, 999);
  run(stringOf(2_000_000), 1);
  run(small, 1000);
  expect(instances).toHaveBeenCalledTimes(1);
  run(small, 1);
  expect(instances).toHaveBeenCalledTimes(2);
});

test('a memory up to 1 MiB stays', () => {
  countInstances();
  const check = openWasmCheck();
  check(stringOf(1_000_000), defaultJsonLimits);
  for (let i = 0; i < 1500; i += 1) check(small, defaultJsonLimits);
  expect(instances).toHaveBeenCalledTimes(1);
});

test('where no memory is to be had, the check runs in JavaScript', () => {
  function NoInstance(): never {
    throw new RangeError('could not allocate memory');
  }
  vi.stubGlobal('WebAssembly', { Module, Instance: NoInstance });
  const check = openWasmCheck();
  expect([check(small, defaultJsonLimits), check(Buffer.from('[1'), defaultJsonLimits)]).toEqual(['ok', 'not_json']);
});

test.each([
  ['no WebAssembly', undefined],
  [
    'WebAssembly without vectors',
    {
      Module: function NoModule() {
        throw new SyntaxError('invalid value type');
      },
      Instance,
    },
  ],
])('with %s, checkJson runs in JavaScript', async (_name, platform) => {
  vi.stubGlobal('WebAssembly', platform);
  expect(createWorkspace()).toBeUndefined();
  vi.resetModules();
  const { checkJson } = await import('../../src/json/check.ts');
  expect([checkJson(small), checkJson(Buffer.from('[1')), checkJson(Buffer.of(0xff))]).toEqual([
    'ok',
    'not_json',
    'not_utf8',
  ]);
});

test('importing the check compiles nothing', async () => {
  const compiled = vi.fn();
  function CountedModule(bytes: Uint8Array): object {
    compiled();
    return new Module(bytes);
  }
  vi.stubGlobal('WebAssembly', { Module: CountedModule, Instance });
  vi.resetModules();
  const { checkJson } = await import('../../src/json/check.ts');
  expect(compiled).not.toHaveBeenCalled();
  expect([checkJson(small), checkJson(small)]).toEqual(['ok', 'ok']);
  expect(compiled).toHaveBeenCalledTimes(1);
});
