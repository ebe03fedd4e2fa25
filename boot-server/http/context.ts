/** What the routes need of the rest of the server. */
import type { BootServerEvent } from '../events.js';
import type { NodeRegistry } from '../nodes/registry.js';
import type { FindNeighbour } from '../nodes/trust.js';
import type { Assigner } from '../assign/assigner.js';
import type { BootManifests } from '../release/boot-manifests.js';
import type { Catalogue } from '../release/catalogue.js';

export interface RouteContext {
  readonly registry: NodeRegistry;
  readonly findNeighbour: FindNeighbour;
  /** The catalogue as the store is at this moment. */
  readonly refresh: () => Promise<Catalogue>;
  readonly assigner: Assigner;
  readonly manifests: BootManifests;
  readonly extraArguments: readonly string[];
  /** A node was given something of this release. */
  readonly noteServed: (release: string) => void;
  readonly onEvent: (event: BootServerEvent) => void;
}

/** One request, as far as routes look at it. */
export interface RouteRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** IPv4 address that it came from. */
  readonly from: string;
  /** Base URL of this server as the client reached it, from the connection and never from a header. */
  readonly server: string;
  readonly contentType: string;
  /** The body as text; undefined when it is longer than allowed. */
  readonly readBody: () => Promise<string | undefined>;
}
