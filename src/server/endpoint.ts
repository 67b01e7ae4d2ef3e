import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestFacts } from '../engine/call.ts';
import { now } from '../engine/deadline.ts';
import { compileEnvelope, toServerTiming, toSources } from '../engine/envelope.ts';
import { type Execution, execute } from '../engine/execute.ts';
import type { Plan } from '../engine/plan.ts';
import type { RouteRequest } from '../engine/route.ts';
import { createScope } from '../engine/scope.ts';
import { toTraceparent } from '../engine/trace.ts';
import { toRouteSchema } from './contract.ts';
import { compileExpose } from './expose.ts';
import { toFacts } from './facts.ts';
import { toPreferences } from './preferences.ts';
import { sendProblem, toFailureProblem } from './problem.ts';
import { logExecution } from './request-log.ts';

const clientLeft = { code: 'cancelled', message: 'the client left', reason: 'client_left' } as const;

/** Serves a plan at its route's URL. `examples` are real answers for the contract, by operation id. */
export function registerEndpoint(app: FastifyInstance, plan: Plan, examples: Readonly<Record<string, unknown>>): void {
  const respond = compileRespond(plan);
  const headerNames = toNames(plan.route.options.headers);

  function handle(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const startedAt = now();
    const { strict, waitMs, applied } = toPreferences(request.headers['prefer']);
    const facts = toFacts(request.id, request.headers);
    const scope = createScope();
    const deadlineMs = waitMs === undefined ? plan.deadlineMs : Math.min(plan.deadlineMs, waitMs);
    const routeRequest = toRouteRequest(request, headerNames);
    // `request.signal` aborts when the body of a POST ends; the response's own end tells the two apart.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) scope.abort(clientLeft);
    });
    if (applied !== undefined) reply.header('preference-applied', applied);
    execute(plan, routeRequest, { scope, deadlineMs, request: facts, strict })
      .then((execution) => {
        const isGone = scope.failure === clientLeft;
        if (!isGone) respond(reply, facts, execution, routeRequest);
        const status = isGone ? 499 : reply.statusCode;
        logExecution(app.log, request, facts, { status, durationMs: now() - startedAt, execution });
      })
      .catch((error) => reply.send(error));
    return reply;
  }

  app.route({ method: plan.route.method, url: plan.route.url, schema: toRouteSchema(plan, examples), handler: handle });
}

/** Compiles what turns an execution into an answer. */
function compileRespond(plan: Plan) {
  const envelope = compileEnvelope(plan);
  const expose = compileExpose(plan);

  return (reply: FastifyReply, facts: RequestFacts, execution: Execution, request: RouteRequest): void => {
    const { reports, complete, failed } = execution;
    reply
      .header('server-timing', toServerTiming(reports))
      .header('x-request-id', facts.requestId)
      .header('traceparent', toTraceparent(facts))
      .header('x-aggregate-complete', failed ? 'false' : String(complete));
    if (failed?.outcome.status === 'failed') {
      return sendProblem(reply, toFailureProblem(failed.outcome.failure, facts.requestId, toSources(reports), failed.name));
    }
    const written = envelope.write(execution, request);
    if ('failure' in written) {
      reply.log.error({ err: written.failure.cause, requestId: facts.requestId }, written.failure.message);
      return sendProblem(reply, toFailureProblem(written.failure, facts.requestId, toSources(reports)));
    }
    if (!complete) reply.header('cache-control', 'no-store');
    expose(execution, (name, value) => reply.header(name, value));
    reply.header('content-type', 'application/json; charset=utf-8').send(written.bytes);
  };
}

const toRouteRequest = (request: FastifyRequest, headerNames: readonly string[]): RouteRequest => ({
  params: request.params,
  query: request.query,
  headers: headerNames.length === 0 ? noHeaders : pick(request.headers, headerNames),
  body: request.body,
});

const noHeaders: Readonly<Record<string, unknown>> = Object.freeze({});

const pick = (headers: IncomingHttpHeaders, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, headers[name]]));

/** The property names of an object schema, lower case as headers are. */
const toNames = (schema: { readonly properties?: object } | undefined): readonly string[] =>
  Object.keys(schema?.properties ?? {}).map((name) => name.toLowerCase());
