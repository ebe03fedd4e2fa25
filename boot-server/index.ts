/** The boot server's public interface. */
export { startBootServer } from './server.js';
export type { BootServer, BootServerOptions, DhcpOptions, FullDhcpOptions } from './options.js';
export type { BootServerEvent, DhcpMode } from './events.js';
export type { NodeIdentity, NodeRecord, StageRecord } from './nodes/record.js';
export type { Stage } from './nodes/stage.js';
