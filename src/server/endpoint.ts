import { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createBatch } from '../engine/batch.ts';
import type { RequestFacts } from '../engine/call.ts';
import { now } from '../engine/deadline.ts';
import { compileEnvelope, toServerTiming, toSources } from '../engine/envelope.ts';
import { type Execution, execute } from '../engine/execute.ts';
import { compileForward } from '../engine/forward.ts';
import { toKey } from '../engine/key.ts';
import type { Plan } from '../engine/plan.ts';
import type { RouteRequest } from '../engine/route.ts';
import { createScope } from '../engine/scope.ts';
import { toTraceparent } from '../engine/trace.ts';
import { type Admission, toRetryAfter } from './admission.ts';
import { type ContractOptions, toRouteSchema } from './contract.ts';
import { isDeeper } from './depth.ts';
import { compileExpose } from './expose.ts';
import { toFacts } from './facts.ts';
import { createFlights, type Fly } from './flights.ts';
import { compileInput, hasBody } from './input.ts';
import { toPreferences } from './preferences.ts';
import { sendProblem, toFailureProblem, toStatusProblem } from './problem.ts';
import { refuse } from './refusals.ts';
import { type Log, logExecution } from './request-log.ts';

/** What all endpoints of an application share. */
export interface EndpointOptions extends ContractOptions {
  readonly log: Log;
  readonly admission: Admission;
  readonly maxBodyDepth: number;
  /** Whether the server takes nothing new, so that a connection is closed with its answer. */
  readonly isClosing: () => boolean;
}

/** Answers are written with those of others, a turn of the event loop later: a merge took 0.9 of the CPU time by it (docs/performance.md). */
const together = createBatch(setImmediate);

const clientLeft = { code: 'cancelled', message: 'the client left', reason: 'client_left' } as const;

/** Serves a plan at its route's URL. */
export function registerEndpoint(app: FastifyInstance, plan: Plan, options: EndpointOptions): void {
  const { log, admission } = options;
  const { method, url } = plan.route;
  const takesBody = plan.route.options.body !== undefined;
  const toInput = compileInput(plan.route);
  const toForwarded = compileForward(plan.forward);
  const respond = compileRespond(plan, options);
  const flights = plan.isSharing ? createFlights() : undefined;
  const route = app.prefix + url;

  function handle(request: FastifyRequest, reply: FastifyReply): void {
    const startedAt = now();
    const { headers } = request;
    if (!takesBody && hasBody(headers)) {
      return refuse(request, reply, log, toStatusProblem(400, request.id, 'no body is expected here'));
    }
    const { strict, waitMs, applied } = toPreferences(headers['prefer']);
    const deadlineMs = waitMs === undefined ? plan.deadlineMs : Math.min(plan.deadlineMs, waitMs);
    const admitted = admission.admit(deadlineMs);
    if (!admitted) {
      reply.header('retry-after', toRetryAfter());
      refuse(request, reply, log, toStatusProblem(503, request.id, 'the server has too much to do'), 'shed');
      // Not before: with the end of an answer Node reads on.
      const { socket } = request.raw;
      if (socket instanceof Socket) reply.raw.once('close', () => admission.turnAway(socket));
      return;
    }
    const scope = createScope();
    // `request.signal` aborts when the body of a POST ends; the response's own end tells the two apart.
    reply.raw.once('close', () => {
      admitted.leave();
      if (!reply.raw.writableFinished) scope.abort(clientLeft);
    });
    const facts = toFacts(request.id, headers);
    const input = toInput(request);
    const forwarded = toForwarded(headers);
    if (applied !== undefined) reply.header('preference-applied', applied);

    function fail(error: unknown): void {
      reply.send(error);
    }

    function land(execution: Execution): void {
      try {
        const isGone = scope.failure === clientLeft;
        if (!isGone) respond(reply, facts, execution, input);
        const status = isGone ? 499 : reply.statusCode;
        const { requestId, traceId } = facts;
        const durationMs = now() - startedAt;
        logExecution(log, { requestId, traceId, method: request.method, route, status, durationMs }, execution);
      } catch (error) {
        fail(error);
      }
    }

    const fly: Fly = ({ scope, hold }, land) =>
      admission.begin(() => {
        const options = { scope, startedAt, deadlineMs, request: { ...facts, hold }, forwarded, strict };
        execute(plan, input, options).then((execution) => together(() => land(execution)), fail);
      });
    const passenger = { scope, startedAt, hold: admitted.hold };
    const key = flights && toKey([input, forwarded, strict, deadlineMs]);
    // Nothing is returned: Fastify would watch a promise or a reply, which costs more than all of this.
    if (flights && key !== undefined) flights.board(key, passenger, fly, land);
    else fly(passenger, land);
  }

  const schema = toRouteSchema(plan, options);
  const checks = { onRequest: createCodingCheck(log), preValidation: createDepthCheck(log, options.maxBodyDepth) };
  app.route({ method, url, schema, handler: handle, ...(takesBody ? checks : {}) });
}

/** Bodies are not decoded, so one that says it is encoded would only fail as bad JSON. */
const createCodingCheck = (log: Log) => (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
  if (request.headers['content-encoding'] === undefined) return done();
  refuse(request, reply, log, toStatusProblem(415, request.id, 'the body must not be encoded'));
};

/** Before anything walks through it. */
const createDepthCheck =
  (log: Log, most: number) => (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    if (!isDeeper(request.body, most)) return done();
    refuse(request, reply, log, toStatusProblem(400, request.id, 'the body is nested too deeply'));
  };

/** Compiles what turns an execution into an answer. */
function compileRespond(plan: Plan, { log, isTagged = false, isClosing }: EndpointOptions) {
  const envelope = compileEnvelope(plan, { hasDurations: !isTagged });
  const expose = compileExpose(plan, isTagged);
  const caching = toCaching(plan, isTagged);

  return (reply: FastifyReply, facts: RequestFacts, execution: Execution, input: RouteRequest): void => {
    const { reports, complete, failed } = execution;
    reply
      .header('server-timing', toServerTiming(reports))
      .header('x-request-id', facts.requestId)
      .header('traceparent', toTraceparent(facts))
      .header('x-aggregate-complete', failed ? 'false' : String(complete));
    if (isClosing()) reply.header('connection', 'close');
    if (failed?.outcome.status === 'failed') {
      return sendProblem(
        reply,
        toFailureProblem(failed.outcome.failure, facts.requestId, toSources(reports), failed.name),
      );
    }
    const written = envelope.write(execution, input);
    if ('failure' in written) {
      log?.error({ err: written.failure.cause, requestId: facts.requestId }, written.failure.message);
      return sendProblem(reply, toFailureProblem(written.failure, facts.requestId, toSources(reports)));
    }
    if (!complete) reply.header('cache-control', 'no-store');
    else if (caching !== undefined) reply.header('cache-control', caching);
    expose(execution, (name, value) => void reply.header(name, value));
    reply.header('content-type', 'application/json; charset=utf-8').send(written.text);
  };
}

/** What caches may do with a complete answer: what a client's own headers were part of is nobody else's; a tag is for asking. */
function toCaching({ forward }: Plan, isTagged: boolean): string | undefined {
  if (forward.length > 0) return 'private, no-cache';
  return isTagged ? 'no-cache' : undefined;
}
