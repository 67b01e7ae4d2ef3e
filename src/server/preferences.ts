/** What the client prefers (RFC 7240), as far as it is understood. */
export interface Preferences {
  /** `handling=strict`: no partial answers. */
  readonly strict: boolean;
  /** `wait=N`, milliseconds. */
  readonly waitMs: number | undefined;
  /** The value of `Preference-Applied`; undefined where nothing was understood. */
  readonly applied: string | undefined;
}

const none: Preferences = { strict: false, waitMs: undefined, applied: undefined };
/** A preference stands at the start or behind a comma; the first of a name counts, and parameters are passed over. */
const handling = /(?:^|,)[ \t]*handling[ \t]*=[ \t]*"?(strict|lenient)"?[ \t]*(?=[,;]|$)/i;
const wait = /(?:^|,)[ \t]*wait[ \t]*=[ \t]*"?(\d{1,6})"?[ \t]*(?=[,;]|$)/i;

/** Reads a `Prefer` field. Whatever is not understood is ignored, as the RFC asks. */
export function toPreferences(prefer: string | readonly string[] | undefined): Preferences {
  if (prefer === undefined) return none;
  const text = typeof prefer === 'string' ? prefer : prefer.join(',');
  const mode = handling.exec(text)?.[1]?.toLowerCase();
  const seconds = wait.exec(text)?.[1];
  const applied = [mode && `handling=${mode}`, seconds && `wait=${Number(seconds)}`].filter(Boolean).join(', ');
  return {
    strict: mode === 'strict',
    waitMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    applied: applied || undefined,
  };
}
