import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { TSchema } from 'typebox';

/** Characters of a body above which only its first error is looked for: to list those of a large one costs too much. */
const mostListed = 16_384;

/**
 * Compiles the validators of requests. Text parts (path, query, headers) are coerced to the types of their schema; a
 * body is JSON and has types of its own, so nothing in it is guessed.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<TSchema> {
  const options = { useDefaults: true, strict: false } as const;
  const text = addFormats.default(new Ajv({ ...options, allErrors: true, coerceTypes: 'array' }));
  const json = addFormats.default(new Ajv({ ...options, coerceTypes: false }));
  const jsonWhole = addFormats.default(new Ajv({ ...options, allErrors: true, coerceTypes: false }));
  return ({ schema, httpPart }) => {
    if (httpPart === 'body') return validateBody(json.compile(schema), jsonWhole.compile(schema));
    const validate = validateText(text.compile(schema), toNumericNames(schema));
    return httpPart === 'params' ? validateParams(validate) : validate;
  };
}

type Result = true | { readonly error: FastifySchemaValidationError[] };

function toResult(validate: ValidateFunction, data: unknown): Result {
  if (validate(data)) return true;
  return { error: (validate.errors ?? []).map((error) => ({ ...error, message: error.message ?? 'is not valid' })) };
}

function validateBody(validate: ValidateFunction, validateWhole: ValidateFunction): (data: unknown) => Result {
  return (data) => {
    const result = toResult(validate, data);
    if (result === true || JSON.stringify(data).length > mostListed) return result;
    return toResult(validateWhole, data);
  };
}

/** A number as JSON writes it; Ajv would also read ` ` as 0, `0x10` as 16 and `1e999` as infinite. */
const numberForm = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

const toNumericNames = ({ properties = {} }: { readonly properties?: Readonly<Record<string, TSchema>> }) =>
  Object.keys(properties).filter((name) =>
    /^(?:number|integer)$/.test(String(Reflect.get(properties[name] ?? {}, 'type'))),
  );

function validateText(validate: ValidateFunction, numericNames: readonly string[]): (data: unknown) => Result {
  if (numericNames.length === 0) return (data) => toResult(validate, data);
  return (data) => {
    const values = data as Readonly<Record<string, unknown>>; // Fastify's own, before they are coerced
    const error = numericNames.filter((name) => isNoNumber(values[name])).map(toNumberError);
    return error.length > 0 ? { error } : toResult(validate, data);
  };
}

const isNoNumber = (value: unknown): boolean =>
  typeof value === 'string' && !(numberForm.test(value) && Number.isFinite(Number(value)));

const toNumberError = (name: string): FastifySchemaValidationError => ({
  instancePath: `/${name}`,
  keyword: 'type',
  schemaPath: `#/properties/${name}/type`,
  params: {},
  message: 'must be a number',
});

/** What cannot be one segment of an upstream's path, whatever the schema says: nothing, dot segments, control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const noSegment = /^\.{0,2}$|[\u0000-\u001f\u007f-\u009f]/;

function validateParams(validate: (data: unknown) => Result): (data: unknown) => Result {
  return (data) => {
    const error = Object.entries(data as Readonly<Record<string, string>>) // Fastify's own, before they are coerced
      .filter(([, value]) => noSegment.test(value))
      .map(([name]) => toSegmentError(name));
    return error.length > 0 ? { error } : validate(data);
  };
}

const toSegmentError = (name: string): FastifySchemaValidationError => ({
  instancePath: `/${name}`,
  keyword: 'segment',
  schemaPath: '#/segment',
  params: {},
  message: 'must be one path segment',
});
