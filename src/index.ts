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
