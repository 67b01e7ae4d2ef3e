import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import { toOriginKey } from './config.ts';
import { type Binding, createBinding } from './engine/bind.ts';
import type { Policy } from './engine/call.ts';
import { DefinitionError } from './engine/definition-error.ts';
import { compilePlan, type Plan } from './engine/plan.ts';
import { toOrigins, type UpstreamOptions } from './engine/provider.ts';
import type { Route } from './engine/route.ts';
import { createTransport, type HttpTransport, type TransportOptions } from './http/transport.ts';
import { isBehind } from './http/turn.ts';
import { standard } from './policies/standard.ts';
import { type AdmissionOptions, createAdmission } from './server/admission.ts';
import { toTrustedProxies } from './server/edge/checks.ts';
import { registerEdge, registerTagged } from './server/edge/edge.ts';
import { type EdgeOptions, requireEdgeShape } from './server/edge/options.ts';
import { registerEndpoint } from './server/endpoint.ts';
import { type Readiness, registerHealth } from './server/health.ts';
import { createInstance } from './server/instance.ts';
import { type Limits, limitRules, toLimits } from './server/limits.ts';
import { addSharedSchemas, type ContractInfo, registerContract, registerDocs } from './server/openapi.ts';
import { createErrorHandler, refuseOtherMethods, toShape } from './server/refusals.ts';
import type { Log } from './server/request-log.ts';
import { createValidatorCompiler } from './server/validation.ts';

type Origins = NonNullable<ConfluoOptions['origins']>;

/** What Confluo serves, in an application of its own or as a plugin. */
export interface ConfluoOptions {
  readonly routes: readonly Route[];
  /** Origins that override those of the definitions, by upstream name. */
  readonly origins?: Readonly<Record<string, string | readonly string[]>>;
  /** Policies for providers and upstreams that name none. Default `standard()`. */
  readonly policies?: { readonly provider: readonly Policy[]; readonly upstream: readonly Policy[] };
  /** How connections to upstreams are made. */
  readonly transport?: TransportOptions;
  /** How much is taken on at once; beyond it, requests are answered 503. */
  readonly admission?: AdmissionOptions;
  /** Real answers for the contract, by operation id. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** What a server of its own has beside. */
export interface AppOptions extends ConfluoOptions {
  /** A pino logger; default none. */
  readonly logger?: FastifyBaseLogger;
  readonly info?: ContractInfo;
  /** What is taken from clients; each has a default. */
  readonly limits?: Partial<Limits>;
  /** What is done beside answering; nothing of it by default. */
  readonly edge?: EdgeOptions;
}

/** A server that is ready to listen, and what its process needs to stop it. */
export interface App {
  readonly server: FastifyInstance;
  readonly readiness: Readiness;
}

/**
 * Confluo as a Fastify plugin: serves the routes on the instance it is given, below its `prefix`, and closes its
 * connections with it. Encapsulated: the host's own validators, serialisers and error handlers stay what they are.
 */
export const confluo: FastifyPluginAsync<ConfluoOptions> = async (app, options) => {
  await serveRoutes(app, options, app.log);
};

async function serveRoutes(
  app: FastifyInstance,
  options: ConfluoOptions,
  log: Log,
  { etag: isTagged = false, rateLimit }: EdgeOptions = {},
  maxBodyDepth: number = limitRules.maxBodyDepth.default,
): Promise<Binding> {
  const { routes, origins = {}, policies = standard(), transport = {}, examples = {} } = options;
  const transports: HttpTransport[] = [];
  const admission = createAdmission(options.admission, { isBehind });
  app.server.on('connection', admission.connect);
  const binding = createBinding({
    standard: policies,
    emit: (event) => log?.warn(event, event.type),
    connect: (upstream) => {
      const connected = createTransport(withOrigin(upstream, origins), transport);
      transports.push(connected);
      return connected.send;
    },
  });
  app.addHook('onClose', async () => {
    admission.close();
    await Promise.all(transports.map(({ close }) => close()));
  });
  const plans = compilePlans(routes, binding);
  refuseUnknownOrigins(origins, plans);
  app.setValidatorCompiler(createValidatorCompiler());
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(createErrorHandler(log));
  addSharedSchemas(app, isTagged);
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  const isLimited = rateLimit !== undefined;
  const shared = { examples, log, admission, isLimited, maxBodyDepth, isClosing: () => isClosing };
  const tagged = isTagged ? plans.filter(({ route }) => route.method === 'GET') : [];
  for (const plan of plans) if (!tagged.includes(plan)) registerEndpoint(app, plan, shared);
  if (tagged.length > 0) {
    await registerTagged(app, (scope) => {
      for (const plan of tagged) registerEndpoint(scope, plan, { ...shared, isTagged });
    });
  }
  return binding;
}

/** A server of its own: the routes, their contract and its UI, health, and problems for everything that goes wrong. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { logger, info = { title: 'Confluo', version: '0.1.0' }, edge = {} } = options;
  requireEdgeShape(edge);
  const limits = toLimits(options.limits);
  const server = createInstance(logger, limits, toTrustedProxies(edge.trustedProxies ?? []));
  const readiness: Readiness = { isDraining: false };
  await registerEdge(server, edge);
  await registerContract(server, info);
  const binding = await serveRoutes(server, options, logger, edge, limits.maxBodyDepth);
  registerHealth(server, readiness, binding.snapshot);
  await registerDocs(server, info);
  refuseOtherMethods(server, [...options.routes, ...ownUrls.map((url) => ({ method: 'GET', url }) as const)], logger);
  await server.ready();
  return { server, readiness };
}

/** What the server has beside its routes. */
const ownUrls = ['/livez', '/readyz', '/openapi.json', '/openapi.yaml', '/docs'];

const withOrigin = (upstream: UpstreamOptions, origins: Origins): UpstreamOptions => {
  const origin = origins[upstream.name];
  return origin === undefined ? upstream : { ...upstream, origin: toOrigins(origin, `upstream "${upstream.name}"`) };
};

function compilePlans(routes: readonly Route[], binding: Binding): readonly Plan[] {
  const urls = new Set<string>();
  return routes.map((route) => {
    if (!route.url.startsWith('/'))
      throw new DefinitionError(`route ${route.method} ${route.url}: a URL begins with /`);
    const url = `${route.method} ${toShape(route.url)}`;
    if (urls.has(url)) throw new DefinitionError(`two routes with one URL: ${route.method} ${route.url}`);
    urls.add(url);
    return compilePlan(route, binding);
  });
}

function refuseUnknownOrigins(origins: Origins, plans: readonly Plan[]): void {
  const known = new Set(
    plans.flatMap(({ sources }) => sources.map(({ definition }) => definition.provider.upstream.name)),
  );
  for (const name of Object.keys(origins)) {
    if (!known.has(name))
      throw new DefinitionError(`no route uses the upstream "${name}", but there is ${toOriginKey(name)}`);
  }
}
