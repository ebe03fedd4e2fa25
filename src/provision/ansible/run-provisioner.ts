/**
 * Runs a provisioner of one image in its tree with ansible-playbook, and tells each task as it
 * happens. A failing task becomes an error with its role file and line, its message and the end of
 * its output.
 */
import { createWriteStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { OnibError } from '../../core/errors.js';
import { withCommand } from '../../host/failure-report.js';
import { lastLines } from '../../core/last-lines.js';
import { run } from '../../host/run.js';
import { packagePath } from '../../core/package.js';
import { userPaths, varsPlugins } from '../../project/inventory/ansible-environment.js';
import { vaultProblem } from '../../project/vault/vault-problem.js';
import {
  describeFailure,
  parseAnsibleEvent,
  type AnsibleEvent,
  type FailedTask,
} from './events.js';
import { writePlaybook, type PlaybookRequest, type RenderedPlaybook } from './playbook.js';

export interface ProvisionRequest extends PlaybookRequest {
  /** Absolute path of the project: roles are also found in its `roles/`. */
  readonly project: string;
  /** For Ansible's modules and all that they run. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: AnsibleEvent) => void;
}

/**
 * @throws {OnibError} `PROVISION_FAILED` with the failing task's place, or Ansible's own complaint
 *   (a syntax error in a role) with the place that Ansible names.
 */
export async function runProvisioner(request: ProvisionRequest): Promise<void> {
  const { logDirectory } = request;
  const files = await writePlaybook(request);
  const log = createWriteStream(path.join(logDirectory, 'ansible.log'), {
    flags: 'a',
    mode: 0o600,
  });
  const logFailures: Error[] = [];
  log.on('error', (error) => logFailures.push(error));
  let failure: FailedTask | undefined;
  const argv = ['ansible-playbook', '-i', files.inventory, files.playbook];
  const command = { argv, cwd: request.project, env: ansibleEnvironment(request, files) };
  const result = await run(argv, {
    ...{ cwd: command.cwd, env: command.env },
    signal: request.signal,
    check: false,
    debianPackage: 'ansible',
    onLine: (line) => {
      log.write(`${line}\n`);
      const event = parseAnsibleEvent(line);
      if (event === undefined) return;
      if (event.event === 'task-end' && event.status === 'failed') failure = event;
      request.onEvent(event);
    },
  });
  log.end();
  await finished(log).catch(() => undefined);
  if (result.exitCode === 0) {
    if (logFailures[0] !== undefined) throw logFailures[0];
    return;
  }
  if (failure === undefined) {
    throw withCommand(complaint(request, result.stderr + result.stdout), command);
  }
  const error = failedTask(request, failure);
  // A module that ran no command of its own failed in Ansible's.
  throw failure.result?.cmd === undefined ? withCommand(error, command) : error;
}

/**
 * Has Ansible read a provisioner without running it: YAML, modules and roles that are named, encrypted variables.
 *
 * @throws {OnibError} `PROVISION_FAILED` with the place that Ansible names.
 */
export async function checkProvisioner(request: Omit<ProvisionRequest, 'onEvent'>): Promise<void> {
  const files = await writePlaybook(request);
  await runCheck(['--syntax-check', files.playbook], files, request);
  if (files.vault === undefined) return;
  // There may be no tree yet to connect to.
  await runCheck(['-e', 'ansible_connection=local', files.vault.check], files, request);
}

async function runCheck(
  words: readonly string[],
  files: RenderedPlaybook,
  request: Omit<ProvisionRequest, 'onEvent'>,
): Promise<void> {
  const argv = ['ansible-playbook', '-i', files.inventory, ...words];
  const command = { argv, cwd: request.project, env: ansibleEnvironment(request, files) };
  const { signal } = request;
  const result = await run(argv, {
    ...{ cwd: command.cwd, env: command.env, signal },
    check: false,
    debianPackage: 'ansible',
  });
  if (result.exitCode === 0) return;
  const output = result.stderr + result.stdout;
  await appendFile(path.join(request.logDirectory, 'ansible.log'), output, { mode: 0o600 });
  throw withCommand(complaint(request, output), command);
}

function ansibleEnvironment(
  request: Pick<ProvisionRequest, 'project' | 'scratch' | 'environment'>,
  { vault }: RenderedPlaybook,
): Record<string, string> {
  return {
    ...userPaths(process.env, process.cwd()),
    ...(vault === undefined
      ? {}
      : {
          ...varsPlugins({ enabled: ['host_group_vars', 'onib_vaulted'] }),
          ONIB_VAULTED: vault.list,
        }),
    ANSIBLE_CALLBACK_PLUGINS: packagePath('playbooks', 'callback_plugins'),
    ANSIBLE_STDOUT_CALLBACK: 'onib_events',
    ANSIBLE_ROLES_PATH: [path.join(request.project, 'roles'), packagePath('roles')].join(':'),
    ANSIBLE_HOME: path.join(request.scratch, 'ansible'),
    ANSIBLE_LOCAL_TEMP: path.join(request.scratch, 'ansible', 'tmp'),
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PYTHON_INTERPRETER_FALLBACK: '',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: 'True',
    // Modules would tell the host's system log with which arguments they were called.
    ANSIBLE_NO_TARGET_SYSLOG: 'True',
    // With either, Ansible prints what it hands to modules, no_log or not.
    ANSIBLE_DEBUG: 'False',
    ANSIBLE_VERBOSITY: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    LC_ALL: 'C.UTF-8',
    // Modules enter the chroot with Ansible's own environment.
    DEBIAN_FRONTEND: 'noninteractive',
    TMPDIR: '/tmp',
    ...request.environment,
  };
}

function failedTask(request: ProvisionRequest, task: FailedTask): OnibError {
  const role = task.role === null ? '' : ` of role ${task.role}`;
  return new OnibError(
    'PROVISION_FAILED',
    `Cannot provision ${request.image.kind} "${request.image.name}": task "${task.task}"${role} failed`,
    {
      hint: 'the same build with --shell-on-error opens a shell in the tree as it was',
      details: [...describeFailure(task.result ?? {}), logLine(request)],
      ...(task.file === null
        ? {}
        : {
            where: {
              file: relativeTo(request.project, task.file),
              ...(task.line === null ? {} : { line: task.line }),
            },
          }),
    },
  );
}

type Complainant = Pick<ProvisionRequest, 'image' | 'project' | 'logDirectory'>;

/** Ansible names the place of a syntax error as "The error appears to be in '<file>': line 3, column 5". */
const ANSIBLE_PLACE =
  /(?:error appears to be in|Origin:) '?(?<file>[^':\n]+)'?:(?: line )?(?<line>\d+)(?:, column |:)(?<column>\d+)/;

function complaint(request: Complainant, output: string): OnibError {
  const { image } = request;
  const vault = vaultProblem(output, (name) => image.places?.vaulted?.[name], image.file);
  if (vault !== undefined) return vault;
  const place = ANSIBLE_PLACE.exec(output)?.groups;
  return new OnibError(
    'PROVISION_FAILED',
    `Cannot provision ${request.image.kind} "${request.image.name}": ansible-playbook refused its playbook or roles`,
    {
      hint: 'mend what it complains of; the log has all that it said',
      details: [...lastLines(output), logLine(request)],
      ...(place === undefined
        ? {}
        : {
            where: {
              file: relativeTo(request.project, place.file ?? ''),
              line: Number(place.line),
              column: Number(place.column),
            },
          }),
    },
  );
}

function logLine(request: Complainant): string {
  return `log: ${path.join(request.logDirectory, 'ansible.log')}`;
}

function relativeTo(project: string, file: string): string {
  return file.startsWith(`${project}/`) ? path.relative(project, file) : file;
}
