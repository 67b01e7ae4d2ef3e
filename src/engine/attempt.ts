import type { Call } from './call.ts';
import { compileCheck, compileDecode, compileSelectedDecode, takesAnything } from './decode.ts';
import { toInternalFailure } from './failure.ts';
import type { Forwarded } from './forward.ts';
import { type Failed, failed, type Outcome } from './outcome.ts';
import { UnsafePathError } from './path.ts';
import type { Provider } from './provider.ts';
import type { Transport } from './request.ts';
import type { Selection } from './selection.ts';

/**
 * The innermost call of a provider: one attempt, without policies. The only place where provider code may throw. `onLate`
 * is told of each answer of a `run` that came after its attempt was stopped; a late answer over HTTP cannot come. A
 * `selection` is made of what comes over HTTP.
 */
export const createAttempt = <I, O>(
  provider: Provider<I, O>,
  transport: Transport,
  onLate: () => void = () => {},
  selection?: Selection,
): Call<I, O> =>
  provider.run
    ? createRunAttempt(provider, provider.run, onLate)
    : createRequestAttempt(provider, transport, selection);

function createRequestAttempt<I, O>(
  provider: Provider<I, O>,
  transport: Transport,
  selection: Selection | undefined,
): Call<I, O> {
  const { request, method, idempotent } = provider;
  if (!request) throw new TypeError('a provider without run has a request');
  const { output } = provider;
  const decode = selection ? compileSelectedDecode<O>(output, selection) : compileDecode<O>(output);
  return (input, context) => {
    const stopped = context.scope.failure;
    if (stopped) return Promise.resolve({ status: 'failed', failure: stopped });
    try {
      const { path, query, headers, body } = request(input);
      context.record.attempts += 1;
      return transport({ path, query, headers, body, method, idempotent }, context, decode);
    } catch (cause) {
      return Promise.resolve(defect(provider, cause));
    }
  };
}

function createRunAttempt<I, O>(
  provider: Provider<I, O>,
  run: NonNullable<Provider<I, O>['run']>,
  onLate: () => void,
): Call<I, O> {
  const check = takesAnything(provider.output) ? toJsonAnswer<O> : compileCheck<O>(provider.output);
  return (input, { scope, deadlineAt, forwarded = nothing, record }) =>
    new Promise((resolve) => {
      // A `run` that ignores its signal is left behind here; its late answer finds the promise settled.
      const unsubscribe = scope.onAbort((failure) => resolve({ status: 'failed', failure }));
      if (scope.failure) return;
      const settle = (outcome: Outcome<O>) => {
        if (scope.failure) return onLate();
        unsubscribe();
        resolve(outcome);
      };
      const onThrow = (cause: unknown) => settle(defect(provider, cause));
      record.attempts += 1;
      try {
        Promise.resolve(run(input, { signal: scope.toSignal(), deadlineAt, forwarded }))
          .then((value) => settle(check(value)), onThrow)
          .catch(onThrow);
      } catch (cause) {
        onThrow(cause);
      }
    });
}

const nothing: Forwarded = Object.freeze({});

/** An answer that no schema has checked: what cannot be JSON must be this source's failure, not the whole payload's. */
function toJsonAnswer<O>(value: O): Outcome<O> {
  return { status: 'ok', value, bytes: Buffer.from(JSON.stringify(value) ?? 'null') };
}

function defect(provider: Provider<never, unknown>, cause: unknown): Failed {
  if (cause instanceof UnsafePathError) {
    return failed('rejected', 'a value cannot be part of a path', { reason: 'unsafe_path', cause });
  }
  return { status: 'failed', failure: toInternalFailure(cause, `provider ${provider.upstream.name}/${provider.name}`) };
}
