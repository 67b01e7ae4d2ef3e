import { type TSchema, Type } from 'typebox';
import { failures } from '../engine/failure.ts';
import type { Plan, PlannedSource } from '../engine/plan.ts';
import { orNull } from '../engine/schema.ts';

const durationMs = Type.Number({ minimum: 0, description: 'From its start to its end, milliseconds.' });

/** Schemas that every route's contract refers to, by `$id`. `isTagged`: some answers leave the durations to `Server-Timing`. */
export const toSharedSchemas = (isTagged = false): readonly TSchema[] => [
  Type.Object(
    {
      status: Type.Enum(['ok', 'failed', 'skipped']),
      because: Type.Optional(
        Type.String({ description: 'Why it was skipped: the need that gave no answer, or `condition`.' }),
      ),
      code: Type.Optional(Type.Enum(Object.keys(failures), { description: 'Why it failed.' })),
      message: Type.Optional(Type.String({ description: 'The failure in words.' })),
      fallback: Type.Optional(
        Type.Literal(true, { description: 'The fallback of the source stands in for the answer.' }),
      ),
      durationMs: isTagged ? Type.Optional(durationMs) : durationMs,
      attempts: Type.Integer({ minimum: 0, description: 'Requests that were sent to the upstream.' }),
    },
    { $id: 'SourceStatus', description: 'How one source of the answer ended.' },
  ),
  Type.Object(
    {
      type: Type.String({ description: '`about:blank`, or `urn:problem-type:confluo:<code>` where a source failed.' }),
      title: Type.String(),
      status: Type.Integer({ minimum: 400, maximum: 599 }),
      detail: Type.Optional(Type.String()),
      requestId: Type.String(),
      code: Type.Optional(Type.Enum(Object.keys(failures))),
      source: Type.Optional(Type.String({ description: 'The required source that failed.' })),
      sources: Type.Optional(Type.Record(Type.String(), toRef('SourceStatus'))),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            in: Type.Enum(['path', 'query', 'header', 'body']),
            pointer: Type.String({ description: 'JSON pointer (RFC 6901) into that part.' }),
            detail: Type.String(),
          }),
          { description: 'What is wrong with the request.' },
        ),
      ),
    },
    { $id: 'Problem', description: 'A problem (RFC 9457).' },
  ),
];

/** A reference to a shared schema. */
function toRef(id: string): TSchema {
  return Type.Unsafe({ $ref: `${id}#` });
}

/** What a route's contract depends on beside its plan. */
export interface ContractOptions {
  /** Real answers, by operation id. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Whether answers carry an entity tag over their bytes, which then say no durations. Default false. */
  readonly isTagged?: boolean;
  /** Whether the rate of each client is limited. Default false. */
  readonly isLimited?: boolean;
}

/** What a route accepts and answers, as Fastify and the contract want it. */
export function toRouteSchema(
  plan: Plan,
  { examples = {}, isTagged = false, isLimited = false }: ContractOptions = {},
) {
  const { options } = plan.route;
  const { summary, description, tags, params, query, headers, body } = options;
  const operationId = toOperationId(plan.route.method, plan.route.url);
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    response: {
      200: toAnswer(toEnvelopeSchema(plan), examples[operationId]),
      ...(isTagged ? { 304: { description: 'The client has the answer: `If-None-Match` names its `ETag`.' } } : {}),
      ...toProblems(plan, isLimited),
    },
  };
}

/** `getV1CountriesByCodeBriefing` for `GET /v1/countries/:code/briefing`. */
export const toOperationId = (method: string, url: string): string =>
  method.toLowerCase() +
  url
    .split('/')
    .map((part) => (part.startsWith(':') ? `By${capitalise(part.slice(1))}` : capitalise(part)))
    .join('');

const capitalise = (text: string): string =>
  text.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_match, first: string) => first.toUpperCase());

/** The whole answer of a route: payload, completeness, and the status of each of its sources by name. */
function toEnvelopeSchema(plan: Plan): TSchema {
  const statuses = plan.sources.map(({ name }) => [name, toRef('SourceStatus')] as const);
  return Type.Object({
    data: toPayloadSchema(plan),
    complete: Type.Boolean({ description: 'Whether every source answered, or was skipped by its own condition.' }),
    sources: Type.Object(Object.fromEntries(statuses), { description: 'How each source ended.' }),
  });
}

/** The payload of a route: declared with its merge function, or what its template takes, or one key a source. */
function toPayloadSchema(plan: Plan): TSchema {
  if (plan.route.payload) return plan.route.payload;
  const fields = plan.sources.slice(0, plan.merged).flatMap((source) => toFields(source, plan));
  return Type.Object(Object.fromEntries(fields));
}

function toFields(source: PlannedSource, plan: Plan): readonly (readonly [string, TSchema])[] {
  const fields = source.selection?.members ?? { [source.name]: source.definition.provider.output };
  const isNullable = canBeNull(source, plan);
  return Object.entries(fields).map(([name, schema]) => [name, isNullable ? orNull(schema) : schema] as const);
}

function canBeNull({ definition, optional, fallback, needs }: PlannedSource, plan: Plan): boolean {
  if (definition.when || (optional && !fallback)) return true;
  return needs.some(({ index }) => {
    const need = plan.sources[index];
    return need !== undefined && canBeNull(need, plan);
  });
}

function toAnswer(schema: TSchema, example: unknown) {
  return {
    description: 'The merged payload with the status of every source.',
    headers: {
      'server-timing': { type: 'string', description: 'One entry a source: its duration, and its status.' },
      'x-aggregate-complete': {
        type: 'string',
        enum: ['true', 'false'],
        description: 'Whether the answer is complete.',
      },
      'x-request-id': { type: 'string', description: 'The request in the logs.' },
    },
    content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
  };
}

const problemTexts: Readonly<Record<number, string>> = {
  400: 'The request is not valid.',
  404: 'A required source does not know it.',
  429: 'The client asks too often; `Retry-After` says when it may again.',
  500: 'A defect of the server.',
  502: 'A required source failed.',
  503: 'A required source is not available, or the server has too much to do.',
  504: 'A required source took too long.',
};

function toProblems({ route }: Plan, isLimited: boolean) {
  const { params, query, headers, body } = route.options;
  const checksInput = params ?? query ?? headers ?? body;
  const isPossible = (status: string) => (status === '400' ? checksInput !== undefined : status !== '429' || isLimited);
  const statuses = Object.keys(problemTexts).filter(isPossible);
  const content = { 'application/problem+json': { schema: toRef('Problem') } };
  return Object.fromEntries(statuses.map((status) => [status, { description: problemTexts[Number(status)], content }]));
}
