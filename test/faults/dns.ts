import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { isIPv4, type LookupFunction } from 'node:net';

/** What the name server does with a question about one name. */
export type NameAnswer =
  | { readonly addresses: readonly string[]; readonly afterMs?: number }
  | { readonly code: 'nxdomain' | 'servfail' | 'refused' }
  | 'silence'
  | 'garbage';

/** A name server on loopback (UDP), and a lookup that asks nobody else. */
export interface NameServer {
  /** What it says of the name from now on. */
  set(name: string, answer: NameAnswer): void;
  readonly lookup: LookupFunction;
  close(): Promise<void>;
}

const responseCodes = { nxdomain: 3, servfail: 2, refused: 5 } as const;
const typeA = 1;
const typeAaaa = 28;

/** Starts a name server; `patienceMs` is how long the lookup waits for it. */
export async function startNameServer(patienceMs: number): Promise<NameServer> {
  const names = new Map<string, NameAnswer>();
  const socket = createSocket('udp4');
  socket.on('message', (query, client) => {
    const { name, type, end } = readQuestion(query);
    const answer = names.get(name) ?? { code: 'nxdomain' };
    if (answer === 'silence') return;
    const reply = answer === 'garbage' ? Buffer.from('garbage') : toReply(query.subarray(0, end), type, answer);
    const send = () => socket.send(reply, client.port, client.address, () => {}); // closed meanwhile: nobody asks any more
    const afterMs = typeof answer === 'object' && 'afterMs' in answer ? (answer.afterMs ?? 0) : 0;
    if (afterMs === 0) send();
    else setTimeout(send, afterMs).unref();
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${socket.address().port}`;

  return {
    set: (name, answer) => names.set(name, answer),
    lookup: (name, { family, all }, callback) => {
      const families: readonly (4 | 6)[] = family === 4 ? [4] : family === 6 ? [6] : [4, 6];
      void resolve(address, name, families, patienceMs).then(({ addresses, error }) => {
        const [first] = addresses;
        if (!first) callback(error, '', 4);
        else if (all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The addresses of a name, and why there are none. */
async function resolve(server: string, name: string, families: readonly (4 | 6)[], patienceMs: number) {
  // A new one each time: nonsense in one answer fails every question of a resolver.
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  resolver.setServers([server]);
  const asked = families.map(async (family) => {
    const addresses = await (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name));
    return addresses.map((address) => ({ address, family }));
  });
  const answers = await Promise.allSettled(asked);
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const refusal = answers.find((answer) => answer.status === 'rejected');
  const error: NodeJS.ErrnoException = refusal?.reason ?? new Error('no address');
  return { addresses, error };
}

/** The first question of a query (RFC 1035, 4.1.2): the name, the type, and where it ends. */
function readQuestion(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A reply (RFC 1035, 4.1): the question again, then an address record for each address of the type that was asked for. */
function toReply(question: Buffer, type: number, answer: Exclude<NameAnswer, string>): Buffer {
  const addresses =
    'addresses' in answer ? answer.addresses.filter((address) => (isIPv4(address) ? typeA : typeAaaa) === type) : [];
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | ('code' in answer ? responseCodes[answer.code] : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...addresses.map((address) => toRecord(type, address))]);
}

function toRecord(type: number, address: string): Buffer {
  const bytes = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : toIpv6Bytes(address);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0); // the name of the question
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(0, 6); // seconds to live
  record.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([record, bytes]);
}

/** An IPv6 address in text (RFC 4291, 2.2), without an IPv4 part. */
function toIpv6Bytes(address: string): Buffer {
  const [head = [], tail] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = tail ? Array.from({ length: 8 - head.length - tail.length }, () => '0') : [];
  const groups = [...head, ...zeros, ...(tail ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
