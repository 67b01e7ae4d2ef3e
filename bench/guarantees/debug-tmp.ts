import { execSync } from 'node:child_process';
import { withStage, pause } from './stage.ts';
import type { FaultName } from './faults.ts';
const rate = Number(process.argv[2]);
for (const fault of process.argv.slice(3) as FaultName[])
await withStage({ routes: [{ url: '/five', deadline: 500, required: ['a','b','c','d'], optional: ['bad'] }], policies: { breaker: false } }, async ({ upstream, loadOpenly }) => {
  await loadOpenly(2, [{ path: '/five', rate }]);
  await upstream.ask('behave', 'bad', [fault]);
  const cpu = () => execSync(`ps -eo pid,cputimes,args | grep "[g]uarantees/[suo]"`).toString();
  const b = cpu();
  const f = await loadOpenly(5, [{ path: '/five', rate }]);
  console.log(fault, JSON.stringify(f)); console.log(b, cpu());
});
