import { defineConfig } from 'vitest/config';

/** Tests that open sockets: one file at a time, before the others, so that no neighbour eats the time they measure. */
const withSockets = ['test/{demo,docs-page,faults,http,providers,routes,server}/**/*.test.ts', 'test/*.test.ts'];

/** Scripts of their own: they install packages, which needs a registry. */
const scripts = ['test/package/**', 'test/docker/**'];

/** Minutes, not seconds: `LONG_TESTS=1 npm test` runs them too. */
const long = process.env['LONG_TESTS'] ? [] : ['test/**/*.long.test.ts'];

/** Where to write the results as JSON, for programs. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    testTimeout: 10_000,
    // What is not seen within a second elsewhere may be on a machine that gives its cores to somebody else now and then.
    expect: { poll: { timeout: 8_000 } },
    reporters: report ? ['minimal', ['json', { outputFile: report }]] : ['default'],
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: { 'src/engine/**/*.ts': { lines: 100 } },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...withSockets, ...scripts, ...long],
          typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], checker: 'tsc' },
          maxWorkers: '100%',
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'sockets',
          include: withSockets,
          exclude: long,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
