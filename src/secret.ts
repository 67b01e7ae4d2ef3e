import { readFileSync } from 'node:fs';
import { DefinitionError } from './engine/definition-error.ts';

const keyForm = /^[A-Z][A-Z0-9_]*$/;

/**
 * A secret of an upstream: the value of `<key>` in the environment, or the content of the file that `<key>_FILE` names, as
 * container platforms mount secrets, without the newline at its end. Empty counts as not there. Read when it is called: at the
 * top of a provider's file, so that one that is missing keeps the server from starting.
 *
 * @throws DefinitionError naming the key, and never a value, when neither or both are there, or the file cannot be read.
 */
export function secret(key: string): string {
  if (!keyForm.test(key)) throw new DefinitionError('secret: a key is upper case letters, digits and _');
  const { [key]: value = '', [`${key}_FILE`]: file = '' } = process.env;
  if (value && file) throw new DefinitionError(`secret ${key}: both ${key} and ${key}_FILE are there`);
  const found = value || (file && readSecret(file, key));
  if (!found) throw new DefinitionError(`secret ${key}: neither ${key} nor ${key}_FILE has it`);
  return found;
}

/** The path is not repeated: it is where a secret lands that was given under the wrong key. */
function readSecret(file: string, key: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new DefinitionError(`secret ${key}: the file that ${key}_FILE names cannot be read (${code})`);
  }
}
