import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

/**
 * Compiles the validators of requests. Text parts (path, query, headers) are coerced to the types of their schema; a
 * body is JSON and has types of its own, so nothing in it is guessed.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const options = { allErrors: true, useDefaults: true, strict: false } as const;
  const text = addFormats.default(new Ajv({ ...options, coerceTypes: 'array' }));
  const json = addFormats.default(new Ajv({ ...options, coerceTypes: false }));
  return ({ schema, httpPart }) => (httpPart === 'body' ? json : text).compile(schema);
}
