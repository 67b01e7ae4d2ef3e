import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHold } from '../../src/server/hold.ts';

/** A connection of which is known whether it is read. */
function createConnection() {
  const connection = {
    destroyed: false,
    isRead: true,
    pause() {
      connection.isRead = false;
    },
    resume() {
      connection.isRead = true;
    },
  };
  return connection;
}

function setUp(count: number) {
  const connections = Array.from({ length: count }, createConnection);
  const hold = createHold(2);
  const turnAway = () => connections.forEach(hold.add);
  return { ...hold, connections, turnAway, read: () => connections.map(({ isRead }) => Number(isRead)).join('') };
}

describe('a hold', () => {
  it('reads on where few are turned away, in each tick anew', () => {
    const { turnAway, tick, read } = setUp(2);
    for (let i = 0; i < 5; i += 1) {
      turnAway();
      tick(0);
    }
    expect(read()).toBe('11');
  });

  it('holds those beyond, and lets the first of them go on: so many as were let in, and so many as it bears', async () => {
    const { turnAway, tick, read } = setUp(9);
    turnAway();
    const seen = [read()];
    for (const letIn of [0, 1, 2]) {
      tick(letIn);
      for (let i = 0; i < 5; i += 1) await turn();
      seen.push(read());
    }
    expect(seen).toEqual(['110000000', '111100000', '111111100', '111111111']);
  });

  it('lets a quarter of them go on in each turn of the event loop', async () => {
    const { turnAway, tick, read } = setUp(40);
    turnAway();
    tick(18); // 20 in all
    const seen = [read().lastIndexOf('1')];
    for (let i = 0; i < 4; i += 1) {
      await turn();
      seen.push(read().lastIndexOf('1'));
    }
    expect(seen).toEqual([6, 11, 16, 21, 21]);
  });

  it('does not let more go on later because nobody was held before', async () => {
    const { turnAway, tick, read } = setUp(9);
    tick(100);
    turnAway();
    await turn();
    expect(read()).toBe('110000000');
  });

  it('does nothing to a connection that is gone', () => {
    const { connections, turnAway, tick, read } = setUp(3);
    turnAway();
    Object.assign(connections[2] ?? {}, { destroyed: true });
    tick(0);
    expect(read()).toBe('110');
  });

  it('lets everybody go on when it is closed', () => {
    const { turnAway, close, read } = setUp(9);
    turnAway();
    close();
    expect(read()).toBe('111111111');
  });
});
