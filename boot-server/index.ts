/** The boot server's public interface. */
export { startBootServer } from './server.js';
export { previewMachine } from './preview/preview.js';
export type { BootServer, BootServerOptions, DhcpOptions } from './options.js';
export type { BootServerEvent } from './events.js';
export type { NodeRecord } from './nodes/record.js';
