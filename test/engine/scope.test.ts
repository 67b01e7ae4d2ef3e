import { describe, expect, test, vi } from 'vitest';
import type { Failure } from '../../src/engine/failure.ts';
import { createScope, type Scope } from '../../src/engine/scope.ts';

const first: Failure = { code: 'timeout', message: 'first' };
const second: Failure = { code: 'cancelled', message: 'second' };
const listen = () => vi.fn<(failure: Failure) => void>();

describe('abort', () => {
  test('gives its reason to every listener, synchronously and once', () => {
    const scope = createScope();
    const listeners = [listen(), listen()];
    for (const listener of listeners) scope.onAbort(listener);

    scope.abort(first);
    scope.abort(second);

    for (const listener of listeners) expect(listener.mock.calls).toEqual([[first]]);
    expect(scope.failure).toBe(first);
  });

  test('of an aborted scope changes nothing', () => {
    const scope = createScope();
    scope.abort(first);
    scope.abort(second);
    expect(scope.failure).toBe(first);
  });

  test('is not there before it happens', () => {
    expect(createScope().failure).toBeUndefined();
  });
});

describe('onAbort', () => {
  test('calls at once when the scope is aborted already', () => {
    const scope = createScope();
    scope.abort(first);
    const listener = listen();

    const unsubscribe = scope.onAbort(listener);

    expect(listener.mock.calls).toEqual([[first]]);
    expect(unsubscribe).not.toThrow();
  });

  test('hands out what takes the listener back, safe to call twice', () => {
    const scope = createScope();
    const [kept, removed] = [listen(), listen()];
    scope.onAbort(kept);
    const unsubscribe = scope.onAbort(removed);

    unsubscribe();
    unsubscribe();
    scope.abort(first);

    expect(removed).not.toHaveBeenCalled();
    expect(kept).toHaveBeenCalledOnce();
  });

  test('does not call a listener that another one takes back during the abort', () => {
    const scope = createScope();
    const removed = listen();
    scope.onAbort(() => unsubscribe());
    const unsubscribe = scope.onAbort(removed);

    scope.abort(first);

    expect(removed).not.toHaveBeenCalled();
  });
});

describe('a scope with a parent', () => {
  test('is aborted with the parent, for the parent’s reason', () => {
    const parent = createScope();
    const child = createScope(parent);
    const listener = listen();
    child.onAbort(listener);

    parent.abort(first);

    expect(child.failure).toBe(first);
    expect(listener.mock.calls).toEqual([[first]]);
  });

  test('leaves its parent alone', () => {
    const parent = createScope();
    createScope(parent).abort(first);
    expect(parent.failure).toBeUndefined();
  });

  test('of a parent that is aborted already is aborted from the start', () => {
    const parent = createScope();
    parent.abort(first);
    expect(createScope(parent).failure).toBe(first);
  });

  test.each([
    ['release', (child: ReturnType<typeof createScope>) => child.release()],
    ['its own abort', (child: ReturnType<typeof createScope>) => child.abort(second)],
  ])('lets go of its parent on %s', (_how, letGo) => {
    const unsubscribe = vi.fn<() => void>();
    const parent: Scope = { ...createScope(), onAbort: () => unsubscribe };

    letGo(createScope(parent));

    expect(unsubscribe).toHaveBeenCalledOnce();
  });

  test('is not aborted by its parent after release', () => {
    const parent = createScope();
    const child = createScope(parent);

    child.release();
    parent.abort(first);

    expect(child.failure).toBeUndefined();
  });
});

describe('toSignal', () => {
  test('is one web signal, aborted with the scope and its reason', () => {
    const scope = createScope();
    const signal = scope.toSignal();
    expect(scope.toSignal()).toBe(signal);
    expect(signal.aborted).toBe(false);

    scope.abort(first);

    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe(first);
  });

  test('made after the abort is aborted', () => {
    const scope = createScope();
    scope.abort(first);
    expect(scope.toSignal().reason).toBe(first);
  });
});
