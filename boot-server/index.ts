/** The boot server's public interface. */
export { startBootServer } from './server.js';
export type { BootServer, DhcpOptions } from './options.js';
export type { BootServerEvent } from './events.js';
export type { NodeRecord } from './nodes/record.js';
