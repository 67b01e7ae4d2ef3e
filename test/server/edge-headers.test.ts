import { expect, test } from 'vitest';
import { buildEdge } from './edge-setup.ts';

test.each([
  ['/v1/page', 200],
  ['/v1/broken', 500],
  ['/nope', 404],
  ['/docs/', 200],
  ['/openapi.json', 200],
  ['/readyz', 200],
])('security headers are on every answer: %s', async (url, status) => {
  const server = await buildEdge({ securityHeaders: true });
  const { statusCode, headers } = await server.inject(url);
  expect(statusCode).toBe(status);
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'self'"),
    'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'no-referrer',
  });
});

test('nothing tells browsers to ask for the files of the page over HTTPS', async () => {
  const server = await buildEdge({ securityHeaders: true });
  const { headers } = await server.inject('/docs/');
  expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
});

test('the page brings no script of its own that the policy forbids', async () => {
  const server = await buildEdge({ securityHeaders: true });
  const { body } = await server.inject('/docs/');
  expect(body).toContain('<script src=');
  expect(body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|\son\w+=/);
});
