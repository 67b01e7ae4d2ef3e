/** A Fastify server that somebody has already: it serves what it did, and Confluo's routes beside. */
import { confluo } from 'confluo';
import fastify from 'fastify';
import greeting from './routes/greeting.ts';

const app = fastify();
app.get('/hello', async () => ({ hello: 'world' }));
await app.register(confluo, {
  routes: [greeting],
  origins: { greetings: process.env['GREETINGS_ORIGIN'] ?? 'https://greetings.example.com' },
});
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
