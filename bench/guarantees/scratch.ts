import { createClient } from './client.ts';
import { withStage } from './stage.ts';

await withStage(
  { routes: [{ url: '/page', deadline: 1_000, required: ['a', 'b', 'c'], typed: true }], maxInFlight: 1000 },
  async (stage) => {
    for (const name of ['a', 'b', 'c']) await stage.upstream.ask('behave', name, [process.argv[2] as 'large']);
    const n = Number(process.argv[3]);
    const client = createClient(stage.port);
    let over = false;
    let counts: Record<string, number> = {};
    let max = 0;
    const loop = async () => {
      while (!over) {
        const { status, body, tookMs } = await client.get('/page');
        max = Math.max(max, tookMs);
        const t = status === 200 ? '' : body.toString();
        const k = `${status} ${/"code":"(\w+)"/.exec(t)?.[1] ?? ''} ${/"detail":"([^"]*)"/.exec(t)?.[1] ?? ''}`;
        counts[k] = (counts[k] ?? 0) + 1;
      }
    };
    const all = Array.from({ length: n }, loop);
    for (let i = 0; i < 10; i++) {
      await new Promise((r) => setTimeout(r, 1000));
      console.log(max.toFixed(0), JSON.stringify(counts));
      counts = {};
      max = 0;
    }
    over = true;
    await Promise.all(all);
    client.close();
  },
);
