import { describe, expect, it } from 'vitest';
import floors from '../../security-floors.json' with { type: 'json' };
import { readSource } from './sources.ts';

const { dependencies, devDependencies, engines } = JSON.parse(readSource('package.json').text);
const ofPackage = new Map(floors.packages.map(({ name, floor }) => [name, floor]));
const ofLine = new Map(floors.node.map(({ line, floor }) => [line, floor]));
const installed = (name: string): string => JSON.parse(readSource(`node_modules/${name}/package.json`).text).version;

/** Negative where the left version is the older one. */
function compare(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  const differing = a?.findIndex((part, i) => part !== b?.[i]) ?? -1;
  return differing < 0 ? 0 : (a?.[differing] ?? 0) - (b?.[differing] ?? 0);
}
const isAtLeast = (version: string, floor = ''): boolean => compare(version, floor) >= 0;

/** The oldest of each line of Node that a range takes: `^24.21.0 || >=26.10.0`. */
const oldestOf = (range: string): readonly string[] =>
  range.split(' || ').map((part) => part.replace(/^(?:\^|>=)/, ''));

describe('security floors', () => {
  it.each([...ofPackage])('%s is at %s or above, as installed', (name, floor) => {
    expect({ version: installed(name), isAtLeast: isAtLeast(installed(name), floor) }).toMatchObject({
      isAtLeast: true,
    });
  });

  it('no range of package.json takes a version below', () => {
    const below = Object.entries<string>(dependencies)
      .filter(([name]) => ofPackage.has(name))
      .filter(([name, range]) => !/^\^\d+\.\d+\.\d+$/.test(range) || !isAtLeast(range.slice(1), ofPackage.get(name)));
    expect(below).toEqual([]);
  });

  it('everything that speaks HTTP for us has one', () => {
    const speaking = Object.keys(dependencies).filter((name) => /^(@fastify\/.+|fastify|undici)$/.test(name));
    expect(speaking.filter((name) => !ofPackage.has(name))).toEqual([]);
  });

  it('each line of Node that engines takes has one, below which it takes none, and the Node of this repository and of this test is above it', () => {
    expect([...ofLine]).toEqual(oldestOf(engines.node).map((version) => [Number.parseInt(version, 10), version]));
    for (const version of [devDependencies.node, process.versions.node]) {
      const line = Number.parseInt(version, 10);
      const floor = ofLine.get(line) ?? ofLine.get(Math.max(...ofLine.keys()));
      expect({ version, isAtLeast: isAtLeast(version, floor) }).toMatchObject({ isAtLeast: true });
    }
  });

  it('each has a reason', () => {
    for (const { floor, why } of [...floors.node, ...floors.packages]) {
      expect(floor).toMatch(/^\d+\.\d+\.\d+$/);
      expect(why.length).toBeGreaterThan(20);
    }
  });

  it.each([
    ['5.12.6', '5.12.6', true],
    ['5.12.10', '5.12.6', true],
    ['5.9.9', '5.12.6', false],
    ['5.12.5', '5.12.6', false],
    ['6.0.0', '5.12.6', true],
    ['4.99.99', '5.12.6', false],
  ])('%s against %s: %s', (version, floor, expected) => {
    expect(isAtLeast(version, floor)).toBe(expected);
  });
});
