import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';
import { toSharedSchemas } from './contract.ts';
import { logo } from './logo.ts';

/** What the contract says of itself. */
export interface ContractInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** Registers the generator. It sees the routes that are registered after it. */
export async function registerContract(app: FastifyInstance, info: ContractInfo): Promise<void> {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { ...info }, servers: [{ url: '/' }] },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema${index}`,
    },
  });
}

/** Adds the schemas that the contract of every route refers to; `isTagged` as for toSharedSchemas. */
export function addSharedSchemas(app: FastifyInstance, isTagged: boolean): void {
  for (const schema of toSharedSchemas(isTagged)) app.addSchema(schema);
}

/** Serves the contract: `/openapi.json`, `/openapi.yaml`, and Swagger UI at `/docs`. */
export async function registerDocs(app: FastifyInstance, { title }: ContractInfo): Promise<void> {
  const schema = { hide: true };
  app.get('/openapi.json', { schema }, (_request, reply) => reply.type('application/json').send(app.swagger()));
  app.get('/openapi.yaml', { schema }, (_request, reply) => reply.type('application/yaml').send(toYaml(app)));
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logo: { type: 'image/svg+xml', content: logo },
    theme: { title },
    uiConfig: { displayRequestDuration: true, tryItOutEnabled: false },
  });
}

/** The contract as YAML, as it is committed. */
export const toYaml = (app: FastifyInstance): string =>
  stringify(JSON.parse(JSON.stringify(app.swagger())), { aliasDuplicateObjects: false, lineWidth: 120 });
