/** The longest wait a timer takes; above it Node fires after 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

/** Now on the monotonic clock, in milliseconds. All deadlines are points on it. */
export const now = (): number => performance.now();

/** Milliseconds left until the point in time, never negative. */
export const remainingMs = (deadlineAt: number): number => Math.max(0, deadlineAt - now());

/** Runs `onTime` after `ms`, clamped to what a timer can take. `clearTimeout` stops it. */
export const startTimer = (ms: number, onTime: () => void): NodeJS.Timeout =>
  setTimeout(onTime, Math.min(Math.max(0, Math.ceil(ms)), longestTimerMs));

/** Whether a configured duration is usable: a finite number of milliseconds above zero. */
export const isDuration = (ms: number): boolean => Number.isFinite(ms) && ms > 0 && ms <= longestTimerMs;
