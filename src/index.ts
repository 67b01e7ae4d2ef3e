/**
 * The door: everything that providers, routes and other people's code may use.
 */
export { type Static, type TSchema, Type } from 'typebox';
export { type AppOptions, buildApp, type ConfluoOptions, confluo } from './app.ts';
export type { Call, CallContext, CallInfo, Inspectable, Policy } from './engine/call.ts';
export { DefinitionError } from './engine/definition-error.ts';
export type { Failure, FailureCode } from './engine/failure.ts';
export type { Outcome } from './engine/outcome.ts';
export { type Path, path, UnsafePathError } from './engine/path.ts';
export { defineUpstream, type Provider, type RunContext, type Upstream } from './engine/provider.ts';
export type { Method, RequestParts } from './engine/request.ts';
export { defineRoute, type Route, type RouteDraft, type RouteRequest } from './engine/route.ts';
export type { Source } from './engine/source.ts';
export { pick, type Template } from './engine/template.ts';
export { type AdaptiveOptions, adaptive } from './policies/adaptive.ts';
export { type BreakerOptions, breaker } from './policies/breaker.ts';
export { type BudgetOptions, budget } from './policies/budget.ts';
export { type BulkheadOptions, bulkhead } from './policies/bulkhead.ts';
export { coalesce } from './policies/coalesce.ts';
export { type HedgeOptions, hedge } from './policies/hedge.ts';
export { type RetryOptions, retry } from './policies/retry.ts';
export { type StandardOptions, type StandardPolicies, standard } from './policies/standard.ts';
export { timeout } from './policies/timeout.ts';
export { secret } from './secret.ts';
export type { CorsOptions, EdgeOptions, RateLimitOptions } from './server/edge/options.ts';
