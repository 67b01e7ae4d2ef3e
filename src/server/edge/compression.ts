import compress from '@fastify/compress';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Bytes below which an answer fits a packet or two whether it is compressed or not. */
const threshold = 1_024;

const jsonForm = /^application\/(?:[\w.-]+\+)?json\b/;
const noTransformForm = /\bno-transform\b/i;

/**
 * Sends JSON as gzip to those who take it. Never brotli: to decode it has an open advisory in versions of Node at hand. Bodies of
 * requests stay as they are.
 */
export async function registerCompression(app: FastifyInstance): Promise<void> {
  // Hooks of the instance run before those that the plugin adds to each route.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isCompressible(reply)) addVary(reply, 'accept-encoding');
    // The plugin has no option for either, but leaves alone who asks for it with this header.
    else request.headers['x-no-compression'] = 'not to be transformed';
    done(null, payload);
  });
  await app.register(compress, { encodings: ['gzip'], threshold, globalDecompression: false });
}

const isCompressible = (reply: FastifyReply): boolean =>
  jsonForm.test(String(reply.getHeader('content-type'))) &&
  !noTransformForm.test(String(reply.getHeader('cache-control')));

/** In lower case, as the plugin looks for it. */
function addVary(reply: FastifyReply, name: string): void {
  reply.header('vary', [reply.getHeader('vary') ?? [], name].flat().join(', '));
}
