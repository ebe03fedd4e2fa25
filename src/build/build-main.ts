/** Entry module of the build cell: runs a plan's steps in namespaces of their own (host/cell.ts). */
import { serveCell } from '../host/cell.js';
import type { Artifact } from '../store/manifest.js';
import type { CellEvent } from './events.js';
import { runSteps, type StepsRequest } from './run-steps.js';

serveCell<StepsRequest, CellEvent, Artifact[]>(
  async (request, io) =>
    await runSteps(
      request,
      (event) => {
        io.emit(event);
      },
      io.signal,
    ),
);
