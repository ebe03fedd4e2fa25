// Rules that need types are the point here: an un-awaited `run('umount', …)` must not pass.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Files that start a process of their own: they may end it and write to its standard streams. */
const entryPoints = ['src/cli/**', '**/*-main.ts', 'src/host/cell.ts'];

export default tseslint.config(
  {
    ignores: ['dist/', 'node_modules/', 'builds/', 'coverage/', '.cache/', 'test/fixtures/'],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'boot-server/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Only cli prints; nobody but an entry point ends the process.
    files: ['src/**/*.ts', 'boot-server/**/*.ts'],
    ignores: entryPoints,
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        ...['exit', 'stdout', 'stderr'].map((property) => ({
          object: 'process',
          property,
          message: 'Throw an OnibError or emit an event; only src/cli prints and ends the process.',
        })),
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        Buffer: 'readonly',
        URL: 'readonly',
        console: 'readonly',
        module: 'writable',
        performance: 'readonly',
        process: 'readonly',
      },
    },
  },
);
