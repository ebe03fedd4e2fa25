/**
 * The arrows between folders, from the bottom up:
 *
 *   core ← native ← host          contract, policy ← core alone
 *   host ← lock, project ← plan ← facts
 *   archive, store, provision ← build ← cli;  vm ← cli;  boot-server: contract, core, native and itself
 *
 * Every rule has a canary in test/fixtures/arrows that breaks it; `npm run check:arrows` fails when a
 * canary passes.
 */

/** A folder of src/ may import these others, and nothing else of the project. */
const mayImport = {
  core: [],
  native: ['core'],
  contract: ['core'],
  policy: ['core', 'contract'],
  host: ['core', 'native'],
  lock: ['core', 'contract', 'host'],
  project: ['core', 'contract', 'policy', 'host'],
  plan: ['core', 'contract', 'policy', 'lock', 'project'],
  facts: ['core', 'contract', 'host', 'lock', 'project', 'plan'],
  archive: ['core', 'native', 'contract', 'host'],
  store: ['core', 'native', 'contract', 'host'],
  provision: ['core', 'contract', 'host', 'policy', 'lock', 'project', 'plan', 'archive'],
  build: [
    ...['core', 'native', 'contract', 'host', 'policy', 'lock', 'project', 'plan', 'facts'],
    ...['archive', 'store', 'provision'],
  ],
  vm: ['core', 'contract', 'host'],
};

const folderRules = Object.entries(mayImport).map(([folder, others]) => ({
  name: `${folder}-imports-${others.length === 0 ? 'nothing' : 'what-it-may'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...others].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...folderRules,
    {
      name: 'decisions-are-pure',
      comment: 'Contract, policy and plan decide; what they need to know is gathered elsewhere.',
      severity: 'error',
      from: { path: '^src/(contract|policy|plan)/' },
      to: {
        path: '^(src/(host|native)/|(node:)?(fs|child_process|net|http|https|os|worker_threads|dgram)(/|$))',
      },
    },
    {
      name: 'plan-knows-the-model-of-the-lock-only',
      severity: 'error',
      from: { path: '^src/plan/' },
      to: { path: '^src/lock/', pathNot: '^src/lock/model[.]ts$' },
    },
    {
      name: 'boot-server-knows-the-contract-only',
      comment: 'It runs on another machine, without the builder.',
      severity: 'error',
      from: { path: '^boot-server/' },
      to: { path: '^src/', pathNot: '^src/(core|native|contract)/' },
    },
    {
      name: 'boot-server-has-one-door',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^boot-server/', pathNot: '^boot-server/index[.]ts$' },
    },
    {
      name: 'cli-and-vm-start-the-boot-server',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/((cli|vm)/|index[.]ts$)' },
      to: { path: '^boot-server/' },
    },
    {
      name: 'only-host-runs-commands',
      severity: 'error',
      from: { path: '^(src|boot-server)/', pathNot: '^src/host/' },
      to: { path: '^((node:)?child_process$|(^|/)node_modules/execa/)' },
    },
    {
      name: 'only-native-uses-koffi',
      severity: 'error',
      from: { path: '^(src|boot-server)/', pathNot: '^src/native/' },
      to: { path: '(^|/)node_modules/koffi/' },
    },
    {
      name: 'product-uses-no-test-code',
      severity: 'error',
      from: { path: '^(src|boot-server)/' },
      to: { path: '^test/' },
    },
    {
      name: 'product-uses-no-development-dependency',
      severity: 'error',
      from: { path: '^(src|boot-server)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circle-of-files',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circle-of-folders',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
