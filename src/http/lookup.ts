import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';
import { now } from '../engine/deadline.ts';

/** A name led to an address that it may not lead to. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

/** How names may be resolved. */
export interface LookupOptions {
  /** Names may lead to private, loopback and link-local addresses. */
  readonly privateAddresses: boolean;
  /** How long a lookup is joined by others, milliseconds: after that it is taken for lost, and one more is tried. */
  readonly patienceMs: number;
}

/** Lookups of one name at a time: one below the four threads that Node has by default. */
const mostLookups = 3;

interface Running {
  readonly startedAt: number;
  readonly answers: Answer[];
}

type Answer = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/**
 * Resolves names for one upstream. Unless `privateAddresses` allows them, private, loopback, link-local and other special
 * addresses are left out, and a name that leads to nothing else is refused: whoever controls the name cannot point the
 * server at its own network. Addresses written as such in an origin are not looked up, and so not refused.
 *
 * Calls join the lookup of their name that runs, until it is taken for lost. The system's resolver has few threads, and a
 * hanging name must not hold them all, so that only a few lookups of one name run beside each other.
 */
export function createLookup(
  { privateAddresses, patienceMs }: LookupOptions,
  resolve: LookupFunction = systemLookup,
): LookupFunction {
  const running = new Map<string, readonly Running[]>();

  function resolveOnce(hostname: string, answer: Answer): void {
    const others = running.get(hostname) ?? [];
    const latest = others.at(-1);
    if (latest && (others.length >= mostLookups || now() - latest.startedAt < patienceMs)) {
      latest.answers.push(answer);
      return;
    }
    const mine: Running = { startedAt: now(), answers: [answer] };
    running.set(hostname, [...others, mine]);
    resolve(hostname, { all: true }, (error, addresses) => {
      const left = (running.get(hostname) ?? []).filter((other) => other !== mine);
      if (left.length > 0) running.set(hostname, left);
      else running.delete(hostname);
      const list = Array.isArray(addresses) ? addresses : [];
      for (const then of mine.answers) then(error, list);
    });
  }

  return (hostname, options, callback) =>
    resolveOnce(hostname, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed =
        privateAddresses || isLoopbackName(hostname)
          ? addresses
          : addresses.filter(({ address }) => !isSpecial(address));
      const [first] = allowed;
      if (!first) return callback(new PrivateAddressError('the name leads to no public address'), '', 0);
      if (options.all) return callback(null, [...allowed]);
      callback(null, first.address, first.family);
    });
}

/** `localhost` says where it leads (RFC 6761, 6.3): whoever writes it means it. */
const isLoopbackName = (hostname: string): boolean => /(^|\.)localhost$/.test(hostname);

/** Special-purpose blocks that no public service lives in (RFC 6890 and its registry). */
const special = new BlockList();
const blocks4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
const blocks6 = ['::/127', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'];
for (const block of blocks4) addBlock(block, 'ipv4');
for (const block of blocks6) addBlock(block, 'ipv6');

function addBlock(block: string, family: 'ipv4' | 'ipv6'): void {
  const [net = '', prefix = ''] = block.split('/');
  special.addSubnet(net, Number(prefix), family);
}

const isSpecial = (address: string): boolean => special.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
