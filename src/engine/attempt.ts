import type { Call } from './call.ts';
import { compileCheck, compileDecode } from './decode.ts';
import { toInternalFailure } from './failure.ts';
import { type Failed, failed, type Outcome } from './outcome.ts';
import { UnsafePathError } from './path.ts';
import type { Provider } from './provider.ts';
import type { Transport } from './request.ts';

/** The innermost call of a provider: one attempt, without policies. The only place where provider code may throw. */
export const createAttempt = <I, O>(provider: Provider<I, O>, transport: Transport): Call<I, O> =>
  provider.run ? createRunAttempt(provider, provider.run) : createRequestAttempt(provider, transport);

function createRequestAttempt<I, O>(provider: Provider<I, O>, transport: Transport): Call<I, O> {
  const { request, method, idempotent } = provider;
  if (!request) throw new TypeError('a provider without run has a request');
  const decode = compileDecode<O>(provider.output);
  return (input, context) => {
    const stopped = context.scope.failure;
    if (stopped) return Promise.resolve({ status: 'failed', failure: stopped });
    try {
      const parts = request(input);
      context.record.attempts += 1;
      return transport({ ...parts, method, idempotent }, context, decode);
    } catch (cause) {
      return Promise.resolve(defect(provider, cause));
    }
  };
}

function createRunAttempt<I, O>(
  provider: Provider<I, O>,
  run: NonNullable<Provider<I, O>['run']>,
): Call<I, O> {
  const check = compileCheck<O>(provider.output);
  return (input, { scope, deadlineAt, record }) =>
    new Promise((resolve) => {
      // A `run` that ignores its signal is left behind here; its late answer finds the promise settled.
      const unsubscribe = scope.onAbort((failure) => resolve({ status: 'failed', failure }));
      if (scope.failure) return;
      const settle = (outcome: Outcome<O>) => {
        unsubscribe();
        resolve(outcome);
      };
      const onThrow = (cause: unknown) => settle(defect(provider, cause));
      record.attempts += 1;
      try {
        Promise.resolve(run(input, { signal: scope.toSignal(), deadlineAt })).then((value) => settle(check(value)), onThrow).catch(onThrow);
      } catch (cause) {
        onThrow(cause);
      }
    });
}

function defect(provider: Provider<never, unknown>, cause: unknown): Failed {
  if (cause instanceof UnsafePathError) {
    return failed('rejected', 'a value cannot be part of a path', { reason: 'unsafe_path', cause });
  }
  return { status: 'failed', failure: toInternalFailure(cause, `provider ${provider.upstream.name}/${provider.name}`) };
}
