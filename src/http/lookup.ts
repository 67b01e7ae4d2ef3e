import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';

/** A name led to an address that it may not lead to. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

type Answer = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/**
 * Resolves names for one upstream. Unless `privateAddresses` allows them, private, loopback, link-local and other special
 * addresses are left out, and a name that leads to nothing else is refused: whoever controls the name cannot point the
 * server at its own network. Addresses written as such in an origin are not looked up, and so not refused.
 *
 * One lookup a name runs at a time: the system's resolver has few threads, and a hanging one must not hold them all.
 */
export function createLookup(privateAddresses: boolean, resolve: LookupFunction = systemLookup): LookupFunction {
  const waiting = new Map<string, Answer[]>();

  function resolveOnce(hostname: string, answer: Answer): void {
    const others = waiting.get(hostname);
    if (others) {
      others.push(answer);
      return;
    }
    const answers = [answer];
    waiting.set(hostname, answers);
    resolve(hostname, { all: true }, (error, addresses) => {
      waiting.delete(hostname);
      const list = Array.isArray(addresses) ? addresses : [];
      for (const then of answers) then(error, list);
    });
  }

  return (hostname, options, callback) =>
    resolveOnce(hostname, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = privateAddresses || isLoopbackName(hostname) ? addresses : addresses.filter(({ address }) => !isSpecial(address));
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
const blocks4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'];
const blocks6 = ['::/127', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'];
for (const block of blocks4) addBlock(block, 'ipv4');
for (const block of blocks6) addBlock(block, 'ipv6');

function addBlock(block: string, family: 'ipv4' | 'ipv6'): void {
  const [net = '', prefix = ''] = block.split('/');
  special.addSubnet(net, Number(prefix), family);
}

const isSpecial = (address: string): boolean => special.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
