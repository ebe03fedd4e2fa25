/** The page for people: the release, and where each node is. */
import nunjucks from 'nunjucks';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import { pathOf } from '../../src/contract/urls.js';
import { packagePath } from '../../src/core/package.js';
import type { NodeRecord } from '../nodes/record.js';

const templates = new nunjucks.FileSystemLoader(packagePath('boot-server', 'templates'));
const environment = new nunjucks.Environment(templates, {
  autoescape: true,
  throwOnUndefined: false,
});

export interface StatusPageInput {
  /** Base URL of the server as the reader reached it. */
  readonly server: string;
  /** Undefined: there is none yet. */
  readonly release: ReleaseManifest | undefined;
  /** The one heard most recently comes last. */
  readonly nodes: readonly NodeRecord[];
}

/** HTML; what nodes sent is escaped. */
export function renderStatusPage({ server, release, nodes }: StatusPageInput): string {
  return environment.render('status.html.njk', {
    server,
    release,
    nodes: nodes.toReversed().map((node) => ({
      ...node,
      path: pathOf('node', { mac: node.mac }),
      last: node.timeline.at(-1),
    })),
  });
}
