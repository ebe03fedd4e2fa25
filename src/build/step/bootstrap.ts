/** A step's tree of Debian packages alone, which nobody has provisioned yet. */
import type { ImageConfig } from '../../project/config.js';
import { bootstrap as runBootstrapper } from '../../provision/bootstrap/bootstrap.js';
import { cleanTree } from './clean-tree.js';
import { checkProvisioners } from './provision.js';
import type { StepServices } from './services.js';

/** The snapshot of an earlier build, or made now. Nobody may change it. */
export async function bootstrap(
  image: ImageConfig,
  packages: readonly string[],
  services: StepServices,
): Promise<string> {
  const { snapshots, settings } = services;
  const tree = await services.tempTree(image.kind);
  const known = await snapshots.find(0, 0);
  if (known === undefined) {
    await bootstrapInto(tree, image, packages, services);
    snapshots.save(0, tree);
  } else {
    services.stage(`take the snapshot of ${settings.suite}`);
    await snapshots.restore(known.file, tree);
  }
  await services.date.addTree(tree);
  return tree;
}

async function bootstrapInto(
  tree: string,
  image: ImageConfig,
  packages: readonly string[],
  services: StepServices,
): Promise<void> {
  const { settings, context, date } = services;
  services.stage(`bootstrap ${settings.suite} with ${settings.bootstrap}`);
  const mistake = new AbortController();
  const request = {
    what: `${image.kind} "${image.name}"`,
    ...{ image, settings, packages, tree },
    sources: services.packages.bootstrapSources(packages),
    archives: context.archives,
    environment: date.environment,
    signal: AbortSignal.any([services.signal, mistake.signal]),
    onLine: (line: string) => {
      services.log(line);
    },
  };
  // A mistake in a role shows in a second; the bootstrap takes many, and is called off.
  const checked = checkProvisioners(image, tree, services).catch((error: unknown) => {
    mistake.abort(error);
  });
  const made = async (): Promise<void> => {
    await runBootstrapper(request).catch((error: unknown) => {
      if (!mistake.signal.aborted) throw error;
      services.log(`called off: ${String(error)}`);
    });
  };
  await services.holding(tree, made).finally(() => checked);
  mistake.signal.throwIfAborted();
  await cleanTree(tree, settings.hygieneAllow);
}
