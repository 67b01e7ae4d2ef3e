import type { Api } from '../../demo/api.ts';
import { serve } from '../../demo/server.ts';
import { createAttempt } from '../../src/engine/attempt.ts';
import { now } from '../../src/engine/deadline.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Provider } from '../../src/engine/provider.ts';
import { createScope } from '../../src/engine/scope.ts';
import { createTransport } from '../../src/http/transport.ts';
import { facts } from '../support/fan-out.ts';

/** Calls a provider over HTTP on the API that stands in for its upstream: one attempt, without policies. */
async function askEmbedded<I, O>(provider: Provider<I, O>, api: Api, input: I): Promise<Outcome<O>> {
  const embedded = await serve(provider.upstream.name, api, '127.0.0.1', 0);
  const transport = createTransport({ ...provider.upstream, origin: embedded.origin });
  const context = { scope: createScope(), deadlineAt: now() + 10_000, request: facts, record: { attempts: 0 } };
  const outcome = await createAttempt(provider, transport.send)(input, context);
  await transport.close();
  await embedded.close();
  return outcome;
}

/** The answer, or an error with the failure. */
export async function answerOf<I, O>(provider: Provider<I, O>, api: Api, input: I): Promise<O> {
  const outcome = await askEmbedded(provider, api, input);
  if (outcome.status === 'failed') throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}

/** The code of the failure; undefined where there is an answer. */
export async function failureOf<I, O>(provider: Provider<I, O>, api: Api, input: I): Promise<string | undefined> {
  const outcome = await askEmbedded(provider, api, input);
  return outcome.status === 'failed' ? outcome.failure.code : undefined;
}
