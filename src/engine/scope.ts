import type { Failure } from './failure.ts';

/** Takes a listener back. Safe to call twice. */
export type Unsubscribe = () => void;

/**
 * An abort signal whose reason is a failure. Whoever stops a call says why, once, and that becomes the outcome.
 * Much cheaper than `AbortSignal.any`, which costs more than the rest of a request together.
 */
export interface Scope {
  /** Why the scope was aborted; undefined while it is live. */
  readonly failure: Failure | undefined;
  /** Called once on abort, synchronously; at once if the scope is aborted already. */
  onAbort(listener: (failure: Failure) => void): Unsubscribe;
  /** The same as a web `AbortSignal`, made on first use: for `run` providers and other people's code. */
  toSignal(): AbortSignal;
}

/** A scope in the hands of its owner. */
export interface OwnedScope extends Scope {
  /** Aborts with the reason. Only the first call counts. */
  abort(failure: Failure): void;
  /** Lets go of the parent. The owner calls it when the work has ended, however it ended. */
  release(): void;
}

const nothing: Unsubscribe = () => {};

/** One who wants to know; a link of a list, because most scopes have one or two, for which a `Set` is large. */
interface Listener {
  hear: ((failure: Failure) => void) | undefined;
  before: Listener | undefined;
  after: Listener | undefined;
}

/** What a scope is made of. Plain properties: a getter in an object literal costs some 2 µs a scope, several times all the rest. */
interface LiveScope extends OwnedScope {
  failure: Failure | undefined;
  first: Listener | undefined;
  last: Listener | undefined;
  controller: AbortController | undefined;
  release: Unsubscribe;
}

/**
 * A live scope; with a parent, the parent's abort is its own. A record with functions that all scopes have in common, because there
 * are four in most requests.
 */
export function createScope(parent?: Scope): OwnedScope {
  const scope: LiveScope = {
    failure: undefined,
    first: undefined,
    last: undefined,
    controller: undefined,
    onAbort,
    toSignal,
    abort,
    release: nothing,
  };
  if (parent) scope.release = parent.onAbort((failure) => scope.abort(failure));
  return scope;
}

function abort(this: LiveScope, reason: Failure): void {
  if (this.failure) return;
  this.failure = reason;
  this.release();
  // A listener that another one takes back meanwhile is not called any more.
  for (let listener = this.first; listener; listener = listener.after) listener.hear?.(reason);
  this.first = undefined;
  this.last = undefined;
  this.controller?.abort(reason);
}

function onAbort(this: LiveScope, hear: (failure: Failure) => void): Unsubscribe {
  if (this.failure) {
    hear(this.failure);
    return nothing;
  }
  const listener: Listener = { hear, before: this.last, after: undefined };
  if (this.last) this.last.after = listener;
  else this.first = listener;
  this.last = listener;
  return () => remove(this, listener);
}

function remove(scope: LiveScope, listener: Listener): void {
  if (!listener.hear) return;
  listener.hear = undefined;
  if (listener.before) listener.before.after = listener.after;
  else scope.first = listener.after;
  if (listener.after) listener.after.before = listener.before;
  else scope.last = listener.before;
}

function toSignal(this: LiveScope): AbortSignal {
  if (!this.controller) {
    this.controller = new AbortController();
    if (this.failure) this.controller.abort(this.failure);
  }
  return this.controller.signal;
}
