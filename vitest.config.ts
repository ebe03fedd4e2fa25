import { defineConfig } from 'vitest/config';

const minute = 60_000;

export default defineConfig({
  test: {
    // Real tools, mounts and processes: threads would share one working directory and one process id.
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Unit tests share nothing but modules: loading those once per worker saves most of the time.
          isolate: false,
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // One file at a time: they measure, mount and fill disks.
          fileParallelism: false,
          testTimeout: 10 * minute,
          hookTimeout: 15 * minute,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 20 * minute,
          hookTimeout: 30 * minute,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60 * minute,
          hookTimeout: 30 * minute,
          sequence: { groupOrder: 3 },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      // The pure folders: decisions and codecs, which need neither root nor network to be tested.
      include: ['src/plan/**/*.ts', 'src/project/**/*.ts', 'boot-server/**/*.ts'],
      exclude: ['**/*-main.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
      thresholds: {
        'src/plan/**': { lines: 90, branches: 85, functions: 90 },
      },
    },
  },
});
