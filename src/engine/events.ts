/** Something that operations may want in the log. `type` says what; the rest are flat facts without secrets. */
export interface EngineEvent {
  /** What happened, in snake_case: `breaker_opened`, `late_answer`, ... */
  readonly type: string;
  readonly upstream: string;
  readonly [fact: string]: string | number | boolean;
}
