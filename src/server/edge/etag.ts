import etag from '@fastify/etag';
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';

/**
 * Opens a scope of the application for routes that tag their complete answers: strong, over the very bytes. What is coded on its way
 * out has a weak tag, as those bytes depend on the version of zlib. docs/decisions/etag.md has the reasons.
 */
export async function openTagged(app: FastifyInstance, register: (scope: FastifyInstance) => void): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(etag, { algorithm: 'sha256', replyWith304: false });
    scope.addHook('onSend', settleTag);
    // After the hook that compression adds to the route, if it does.
    scope.addHook('onRoute', (route) => {
      route.onSend = [route.onSend ?? [], weakenTag].flat();
    });
    register(scope);
  });
}

/**
 * The plugin tags everything and compares with one tag only. A tag belongs to a complete answer, and only there does a
 * condition hold (RFC 9110, 13.2.1).
 */
function settleTag(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  const tag = reply.getHeader('etag');
  if (reply.statusCode !== 200 || reply.getHeader('x-aggregate-complete') !== 'true' || typeof tag !== 'string') {
    reply.removeHeader('etag');
    return done(null, payload);
  }
  const known = findTag(request.headers['if-none-match'], tag);
  if (known === undefined) return done(null, payload);
  reply.code(304).header('etag', known).removeHeader('content-type');
  // Of a HEAD, Fastify drops the payload itself, and fails where there is none.
  done(null, request.method === 'HEAD' ? payload : null);
}

type Done = Parameters<onSendHookHandler>[3];

const tagForm = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** The tag among those that the client has which names the same answer, compared weakly (RFC 9110, 8.8.3.2 and 13.1.2). */
function findTag(field: string | undefined, tag: string): string | undefined {
  if (field === undefined) return undefined;
  if (field.trim() === '*') return tag;
  return field.match(tagForm)?.find((known) => known.replace(/^W\//, '') === tag);
}

function weakenTag(_request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  const tag = reply.getHeader('etag');
  if (typeof tag === 'string' && reply.hasHeader('content-encoding')) reply.header('etag', `W/${tag}`);
  done(null, payload);
}
