import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { path } from '../../src/engine/path.ts';
import { defineUpstream, toOrigin } from '../../src/engine/provider.ts';
import type { Method } from '../../src/engine/request.ts';

const catalog = defineUpstream({ name: 'catalog', origin: 'https://catalog.example.com' });
const output = Type.Unknown();
const request = () => ({ path: path`/a` });
const run = () => 1;

describe('an upstream', () => {
  test('is inert and frozen, with its origin in normal form', () => {
    const upstream = defineUpstream({ name: 'a-1', origin: 'HTTPS://API.Example.com:443/', connections: 8 });
    expect(upstream).toMatchObject({
      kind: 'upstream',
      name: 'a-1',
      origin: 'https://api.example.com',
      connections: 8,
    });
    expect(Object.isFrozen(upstream)).toBe(true);
  });

  test.each(['', 'Catalog', '1st', '-a', 'a_b', 'a b', 'a'.repeat(64)])('cannot be called %j', (name) => {
    expect(() => defineUpstream({ name, origin: 'https://a.example.com' })).toThrow(
      new DefinitionError(`upstream "${name}": a name is lower case letters, digits and dashes`),
    );
  });

  test('has several origins, each in normal form, and not none', () => {
    const origin = ['https://A.example.com/', 'https://b.example.com:443'];
    expect(defineUpstream({ name: 'a', origin }).origin).toEqual(['https://a.example.com', 'https://b.example.com']);
    expect(() => defineUpstream({ name: 'a', origin: [] })).toThrow(
      new DefinitionError('upstream "a": a list of origins needs at least one'),
    );
  });

  test('is named in the refusal of its origin', () => {
    expect(() => defineUpstream({ name: 'catalog', origin: 'nonsense' })).toThrow(
      new DefinitionError('upstream "catalog": the origin is scheme, host and port only, like https://api.example.com'),
    );
  });
});

describe('an origin', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080/', 'http://[::1]:8080'],
    ['https://b\u00fccher.example', 'https://xn--bcher-kva.example'],
  ])('%s is %s', (text, expected) => {
    expect(toOrigin(text, 'here')).toBe(expected);
  });

  test.each([
    '',
    'api.example.com',
    '//api.example.com',
    'ftp://api.example.com',
    'file:///etc/passwd',
    'https://api.example.com/v1',
    'https://api.example.com?',
    'https://api.example.com?a=1',
    'https://api.example.com#',
    'https://api.example.com#a',
    'https://user@api.example.com',
    'https://user:secret@api.example.com',
    'https://api.example.com:99999',
  ])('%j is none', (text) => {
    expect(() => toOrigin(text, 'here')).toThrow(DefinitionError);
    expect(() => toOrigin(text, 'here')).toThrow(/^here: /);
  });
});

describe('a list of origins', () => {
  const define = (origin: readonly string[]) => defineUpstream({ name: 'a', origin });

  test('is frozen, each in normal form', () => {
    const { origin } = define(['https://A.example.com/', 'http://b.example.com:80']);
    expect(origin).toEqual(['https://a.example.com', 'http://b.example.com']);
    expect(Object.isFrozen(origin)).toBe(true);
  });

  test('needs at least one', () => {
    expect(() => define([])).toThrow(new DefinitionError('upstream "a": a list of origins needs at least one'));
  });

  test('is refused when one of them is none', () => {
    expect(() => define(['https://a.example.com', 'nonsense'])).toThrow(/^upstream "a": the origin is scheme/);
  });
});

describe('a provider', () => {
  test('is inert and frozen', () => {
    const provider = catalog.provider({ name: 'product', output, request });
    expect(provider).toMatchObject({
      kind: 'provider',
      name: 'product',
      output,
      method: 'GET',
      request,
      run: undefined,
    });
    expect(provider.upstream).toMatchObject({ name: 'catalog', origin: 'https://catalog.example.com' });
    expect(Object.isFrozen(provider)).toBe(true);
  });

  test.each<[Method, boolean]>([
    ['GET', true],
    ['HEAD', true],
    ['PUT', true],
    ['DELETE', true],
    ['POST', false],
    ['PATCH', false],
  ])('with %s is idempotent unless it says otherwise: %s', (method, expected) => {
    expect(catalog.provider({ name: 'a', output, request, method }).idempotent).toBe(expected);
    expect(catalog.provider({ name: 'a', output, request, method, idempotent: !expected }).idempotent).toBe(!expected);
  });

  test('that is no request is idempotent only when it says so', () => {
    expect(catalog.provider({ name: 'a', output, run }).idempotent).toBe(false);
    expect(catalog.provider({ name: 'a', output, run, idempotent: true }).idempotent).toBe(true);
  });
});

describe('refused, naming upstream and provider', () => {
  test('a bad name', () => {
    expect(() => catalog.provider({ name: 'getProduct', output, request })).toThrow(
      new DefinitionError('provider "catalog/getProduct": a name is lower case letters, digits and dashes'),
    );
  });

  test('no output', () => {
    // @ts-expect-error plain JavaScript can leave it out
    expect(() => catalog.provider({ name: 'a', request })).toThrow(
      new DefinitionError('provider "catalog/a": "output" is missing; Type.Unknown() takes any JSON'),
    );
  });

  test('neither request nor run, or both', () => {
    const message = new DefinitionError('provider "catalog/a": exactly one of "request" and "run" is needed');
    // @ts-expect-error plain JavaScript can leave it out
    expect(() => catalog.provider({ name: 'a', output })).toThrow(message);
    // @ts-expect-error plain JavaScript can give both
    expect(() => catalog.provider({ name: 'a', output, request, run })).toThrow(message);
  });
});
