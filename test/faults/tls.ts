import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { FaultServerOptions } from './server.ts';

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** The one name or IPv4 address it is valid for. Default 127.0.0.1. */
  readonly host?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate authority of one test run. Nothing here is random but the keys, and nothing is written to disk. */
export interface TestAuthority {
  readonly cert: string;
  issue(options?: CertificateOptions): Identity;
}

const dayMs = 86_400_000;
/** A day that is `days` from now. */
export const inDays = (days: number): Date => new Date(Date.now() + days * dayMs);

/** Makes an authority whose certificates nobody trusts who is not told to. */
export function createAuthority(): TestAuthority {
  const root = createKeys();
  const subject = { name: 'test authority', publicKey: root.publicKey };
  const cert = toCertificate({ ...subject, issuer: subject.name, issuerKey: root.privateKey, isAuthority: true });
  return {
    cert,
    issue(options = {}) {
      const { publicKey, privateKey } = createKeys();
      const request = {
        name: 'test upstream',
        publicKey,
        issuer: subject.name,
        issuerKey: root.privateKey,
        isAuthority: false,
      };
      return { cert: toCertificate({ ...request, ...options }), key: toPem(privateKey) };
    },
  };
}

/** A certificate that vouches for itself. */
export function createSelfSigned(options: CertificateOptions = {}): Identity {
  const { publicKey, privateKey } = createKeys();
  const request = { name: 'itself', publicKey, issuer: 'itself', issuerKey: privateKey, isAuthority: false };
  return { cert: toCertificate({ ...request, ...options }), key: toPem(privateKey) };
}

/** Makes a fault server speak TLS: the behaviour sees the decrypted socket. */
export const overTls = (identity: Identity): FaultServerOptions => ({
  create: (onSocket) => createTlsServer({ ...identity }, onSocket).on('tlsClientError', () => {}),
});

const createKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const toPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

interface CertificateRequest extends CertificateOptions {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly isAuthority: boolean;
}

/** Writes an X.509 certificate (RFC 5280, 4.1): just enough DER (X.690) to be verified. */
function toCertificate(request: CertificateRequest): string {
  const { host = '127.0.0.1', notBefore = inDays(-1), notAfter = inDays(1) } = request;
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const extensions = sequence(
    extension('551d13', true, sequence(...(request.isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))), // basic constraints
    ...(request.isAuthority ? [] : [extension('551d11', false, sequence(toAlternativeName(host)))]), // subject alternative name
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    serial,
    ecdsaWithSha256,
    toName(request.issuer),
    sequence(toTime(notBefore), toTime(notAfter)),
    toName(request.name),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, request.issuerKey)]));
  const lines =
    sequence(body, ecdsaWithSha256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const toAlternativeName = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'ascii'));
const toName = (name: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
/** `YYYYMMDDHHMMSSZ`, a GeneralizedTime. */
const toTime = (date: Date): Buffer =>
  der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`, 'ascii'));

function extension(hex: string, critical: boolean, value: Buffer): Buffer {
  const mark = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(hex), ...mark, der(0x04, value));
}
