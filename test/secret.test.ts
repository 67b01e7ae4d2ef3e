import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DefinitionError, secret } from '../src/index.ts';

const value = 'canary-1';

function write(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'confluo-secret-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key');
  writeFileSync(file, content);
  return file;
}

/** The error of a call that throws, in all that might be printed of it. */
function complaint(key: string): string {
  try {
    secret(key);
  } catch (error) {
    if (error instanceof DefinitionError)
      return error.cause === undefined ? error.message : 'a cause that may be printed';
    throw error;
  }
  return 'none';
}

describe('a secret', () => {
  test('is what its key says', () => {
    vi.stubEnv('SHOP_KEY', value);
    expect(secret('SHOP_KEY')).toBe(value);
  });

  test.each([
    ['as it is', value, value],
    ['without the newline at its end', `${value}\n`, value],
    ['without that of Windows', `${value}\r\n`, value],
    ['with all else', ` ${value}\n\n`, ` ${value}\n`],
  ])('is the content of the file that its key names, %s', (_name, content, expected) => {
    vi.stubEnv('SHOP_KEY_FILE', write(content));
    expect(secret('SHOP_KEY')).toBe(expected);
  });

  test('is in its file where the key itself is empty', () => {
    vi.stubEnv('SHOP_KEY', '');
    vi.stubEnv('SHOP_KEY_FILE', write(value));
    expect(secret('SHOP_KEY')).toBe(value);
  });
});

describe('without a secret the key is named, and never a value', () => {
  test('neither is there', () => {
    expect(complaint('SHOP_KEY')).toBe('secret SHOP_KEY: neither SHOP_KEY nor SHOP_KEY_FILE has it');
  });

  test.each([
    ['the key is empty', () => vi.stubEnv('SHOP_KEY', '')],
    ['the file is empty', () => vi.stubEnv('SHOP_KEY_FILE', write('\n'))],
  ])('%s', (_name, prepare) => {
    prepare();
    expect(complaint('SHOP_KEY')).toBe('secret SHOP_KEY: neither SHOP_KEY nor SHOP_KEY_FILE has it');
  });

  test('both are there', () => {
    vi.stubEnv('SHOP_KEY', value);
    vi.stubEnv('SHOP_KEY_FILE', write(value));
    expect(complaint('SHOP_KEY')).toBe('secret SHOP_KEY: both SHOP_KEY and SHOP_KEY_FILE are there');
  });

  test.each(['/nowhere/canary-1', 'canary-1', '/', 'canary-1\u0000'])('the file cannot be read: %j', (file) => {
    vi.stubEnv('SHOP_KEY_FILE', file);
    const said = complaint('SHOP_KEY');
    expect(said).toMatch(/^secret SHOP_KEY: the file that SHOP_KEY_FILE names cannot be read \(E\w+\)$/);
    expect(said).not.toContain(value);
  });

  test.each(['', 'shop_key', 'SHOP-KEY', '1KEY', 'canary-1'])('it is no key: %j', (key) => {
    expect(complaint(key)).toBe('secret: a key is upper case letters, digits and _');
  });
});
