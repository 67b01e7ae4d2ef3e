import { run } from '../src/main.ts';
import { fixedPorts, startUpstreams, type UpstreamName, type Upstreams, upstreamNames } from './upstreams.ts';

/**
 * `npm start`: the server with embedded upstreams, which need no network. `CONFLUO_UPSTREAMS=live` calls the public APIs in
 * their place, all but one: REST Countries took v3.1 off the network in 2026, so `countries` stays embedded for those who do
 * not host it themselves. An origin given as `CONFLUO_UPSTREAM_<NAME>_ORIGIN` wins over both.
 */
const { CONFLUO_UPSTREAMS: upstreams = 'embedded', ...env } = process.env;
const isEmbedded = upstreams === 'embedded';

const toOriginKey = (name: UpstreamName): string => `CONFLUO_UPSTREAM_${name.toUpperCase()}_ORIGIN`;

const wanted: readonly UpstreamName[] = isEmbedded ? upstreamNames : ['countries'];
const names = wanted.filter((name) => env[toOriginKey(name)] === undefined);
const embedded = await startUpstreams({ names, ports: fixedPorts });
const origins = names.map((name) => [toOriginKey(name), embedded.origins[name]] as const);

process.stderr.write(toGuide(embedded, env['PORT'] ?? '3000'));
// To the server itself, embedded upstreams are origins like any other; a value it does not know, it refuses itself.
await run({ ...env, CONFLUO_UPSTREAMS: isEmbedded ? 'live' : upstreams, ...Object.fromEntries(origins) });

function toGuide({ origins: listed, control }: Upstreams, port: string): string {
  const target = listed['holidays'] ? 'holidays' : Object.keys(listed)[0];
  if (target === undefined) return '';
  const lines = [
    'Embedded upstreams, on real data:',
    ...Object.entries(listed).map(([name, origin]) => `  ${name.padEnd(10)} ${origin}`),
    'Ask:',
    `  curl 'http://127.0.0.1:${port}/v1/countries/NZ/briefing?base=USD'`,
    'Hurt one, and ask again:',
    `  curl -X PUT '${control}/${target}?mode=slow&ms=3000'`,
    `  curl -X PUT '${control}/${target}?mode=error'`,
    `  curl -X PUT '${control}/?mode=ok'    # all as they were`,
    `  curl ${control}/    # every upstream, every mode`,
  ];
  return `${lines.join('\n')}\n\n`;
}
