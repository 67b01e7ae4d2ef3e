import { type IncomingHttpHeaders, request } from 'node:http';

/** What a client of the server got. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** From the call to the last byte, milliseconds. */
  readonly ms: number;
}

/** The envelope of an answer, or the problem in its place: as much of them as the tests look at. */
export interface Envelope {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly complete?: boolean;
  readonly sources?: Readonly<Record<string, SourceStatus | undefined>>;
}

export interface SourceStatus {
  readonly status: string;
  readonly code?: string;
  readonly message?: string;
  readonly durationMs: number;
  readonly attempts: number;
}

/** One GET on a connection of its own. Rejects when there is no whole answer within 10 s. */
export function get(url: string): Promise<ClientAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, signal: AbortSignal.timeout(10_000) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({
          status: statusCode,
          headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - startedAt,
        });
      });
    });
    sent.on('error', reject).end();
  });
}

/** The answer as JSON. */
export const toEnvelope = ({ text }: ClientAnswer): Envelope => JSON.parse(text) as Envelope; // the tests look closer
