/** Entry module of the build cell: runs a plan's steps in namespaces of their own (host/cell.ts). */
import { serveCell } from '../../host/cell.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { CellEvent } from '../record/events.js';
import { makeHold } from '../step/hold-failed-tree.js';
import { runSteps, type StepsRequest } from './run-steps.js';

serveCell<StepsRequest, CellEvent, Artifact[]>(async (request, io) => {
  const emit = (event: CellEvent): void => {
    io.emit(event);
  };
  const onMessage = (listener: (message: unknown) => void): void => {
    io.onMessage(listener);
  };
  const hold = request.shellOnError ? makeHold(emit, onMessage, io.signal) : undefined;
  return await runSteps(request, emit, io.signal, hold);
});
