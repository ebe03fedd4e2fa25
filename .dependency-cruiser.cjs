/**
 * The arrows between folders: cli → build, store, vm → provision, archive → host.
 * Everything may use project, plan types, errors and package; the release manifest's types are
 * the one contract that all share. Every rule has a canary in test/fixtures/arrows that breaks it;
 * `npm run check:arrows` fails when a canary passes.
 */
const manifest = '^src/store/manifest[.]ts$';

module.exports = {
  forbidden: [
    {
      name: 'host-is-the-bottom',
      severity: 'error',
      from: { path: '^src/host/' },
      to: { path: '^src/[^/]+/', pathNot: '^src/host/' },
    },
    {
      name: 'provision-and-archive-stand-on-host',
      severity: 'error',
      from: { path: '^src/(provision|archive)/' },
      to: { path: '^src/(cli|build|store|vm)/', pathNot: manifest },
    },
    {
      name: 'store-knows-no-builder',
      severity: 'error',
      from: { path: '^src/store/' },
      to: { path: '^src/(cli|build|vm|provision|archive)/' },
    },
    {
      name: 'vm-only-boots',
      severity: 'error',
      from: { path: '^src/vm/' },
      to: { path: '^src/(cli|build|provision|archive)/' },
    },
    {
      name: 'build-knows-no-cli-or-vm',
      severity: 'error',
      from: { path: '^src/build/' },
      to: { path: '^src/(cli|vm)/' },
    },
    {
      name: 'project-and-plan-come-first',
      severity: 'error',
      from: { path: '^src/(project|plan)/' },
      to: { path: '^src/(cli|build|store|vm|provision|archive)/', pathNot: manifest },
    },
    {
      name: 'plan-is-pure',
      comment: 'A plan is made from facts; gathering them is project/facts.ts.',
      severity: 'error',
      from: { path: '^src/plan/' },
      to: { path: '^(src/host/|(node:)?(fs|child_process|net|http|https|os|worker_threads)(/|$))' },
    },
    {
      name: 'boot-server-knows-the-manifest-only',
      comment: 'It runs on another machine, without the builder.',
      severity: 'error',
      from: { path: '^boot-server/' },
      to: { path: '^src/', pathNot: '^src/(store/manifest|errors)[.]ts$' },
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
      from: { path: '^src/', pathNot: '^src/(cli|vm)/' },
      to: { path: '^boot-server/' },
    },
    {
      name: 'only-host-runs-commands',
      severity: 'error',
      from: { path: '^(src|boot-server)/', pathNot: '^src/host/' },
      to: { path: '^((node:)?child_process$|node_modules/execa/)' },
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
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
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
