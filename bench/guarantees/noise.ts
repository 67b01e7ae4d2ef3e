import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Action, json, raw, reset } from '../../test/faults/behaviours.ts';

/** Answers to start from: what is nearly right reaches further than what is not. */
const type = 'content-type: application/json';
const wellFormed: readonly Buffer[] = [
  json('{"id":42,"name":"chair"}'),
  json(gzipSync('{"id":42,"name":"chair"}'), { 'content-encoding': 'gzip' }),
  json('{}', { 'retry-after': '1' }, '503 Service Unavailable'),
  Buffer.from(raw([type, 'transfer-encoding: chunked'], '7\r\n{"a":1}\r\n0\r\nx: y\r\n\r\n')),
  Buffer.from(raw([type, 'transfer-encoding: gzip, chunked', 'trailer: x'], '2;a=b\r\n{}\r\n0\r\n\r\n')),
  Buffer.from(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n',
  ),
  Buffer.from('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
  Buffer.from('HTTP/1.1 301 Moved\r\nlocation: //elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
];
/** What parsers trip over. */
const splinters = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\0',
  ':',
  ' ',
  '\t',
  'HTTP/1.1 200 OK\r\n',
  '0\r\n\r\n',
  '-1',
  '{"',
  '\u00ff',
  'content-length: 0\r\n',
  '18446744073709551616',
].map((text) => Buffer.from(text, 'latin1'));

/** Answers with random bytes, or with well formed ones that were mutilated, in random pieces at random times. */
export const makeNoise: Action = (socket, head) => {
  const bytes = below(5) === 0 ? randomBytes(below(4_096)) : mutilate(pick(wellFormed));
  const pieces = cut(bytes, below(4));
  const writeNext = () => {
    if (!socket.writable) return;
    const piece = pieces.shift();
    if (!piece) return finish();
    socket.write(piece);
    if (below(2) === 0) setTimeout(writeNext, below(30));
    else writeNext();
  };
  /** Leaves the socket to its fate, more often than not. */
  const finish = () => {
    const end = below(8);
    if (end === 0) socket.end();
    else if (end === 1) reset(socket, head);
    else if (end === 2) socket.write(randomBytes(below(65_536)));
  };
  writeNext();
};

function mutilate(whole: Buffer): Buffer {
  let bytes = Buffer.from(whole);
  for (let times = below(5); times > 0; times -= 1) {
    const at = below(bytes.length + 1);
    const kind = below(5);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), pick(splinters), bytes.subarray(at)]);
    else if (kind === 2) bytes = Buffer.concat([bytes, pick(wellFormed)]);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(8))]);
    else if (at < bytes.length) bytes[at] = below(256);
  }
  return bytes;
}

function cut(bytes: Buffer, times: number): Buffer[] {
  const at = [0, ...Array.from({ length: times }, () => below(bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((to, index) => bytes.subarray(at[index], to));
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

function pick(list: readonly Buffer[]): Buffer {
  return list[below(list.length)] ?? Buffer.alloc(0);
}
