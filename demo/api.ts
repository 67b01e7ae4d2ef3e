/** What an embedded API answers. The body leaves as JSON; text leaves as it is; without one nothing is sent. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
}

/**
 * A public API, embedded: the same paths, parameters, fields and errors, answered from data sets on this machine. Answers
 * one GET, at once.
 */
export type Api = (url: URL) => Answer;

/** The answer to a request that went well. */
export const found = (body: unknown): Answer => ({ status: 200, body });

/** What ASP.NET answers to a value it cannot read; two of the embedded APIs are built on it. */
export const toAspNetProblem = (field: string, value: string): Answer => ({
  status: 400,
  body: {
    type: 'https://tools.ietf.org/html/rfc9110#section-15.5.1',
    title: 'One or more validation errors occurred.',
    status: 400,
    errors: { [field]: [`The value '${value}' is not valid.`] },
  },
  contentType: 'application/problem+json; charset=utf-8',
});

/** Reads a number within bounds; undefined where there is none, so that nothing is guessed. */
export function toNumber(text: string | null, least: number, most: number): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
