import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AssignmentFile, parseAssignment } from '../../../src/project/profiles/assignment-file.js';

const NAME = 'boot-profiles.yml';
const text = `default: discovery
profiles:
  rescue:
    overlays: [tools]
    nodes: [52-54-00-12-34-56]
`;

describe('parseAssignment()', () => {
  it('parseAssignment() reads nodes and default, and no image', () => {
    expect(parseAssignment(NAME, text)).toEqual({
      assignment: {
        file: NAME,
        defaultProfile: 'discovery',
        nodes: [{ mac: '52:54:00:12:34:56', profile: 'rescue', place: 'boot-profiles.yml:5:13' }],
      },
    });
  });

  it('parseAssignment() tells every mistake with its place', () => {
    const look = parseAssignment(NAME, text.replace('[52-54-00-12-34-56]', '[server, 1]'));
    expect('problems' in look && look.problems.map(({ where }) => where)).toEqual([
      { file: NAME, line: 5, column: 13 },
      { file: NAME, line: 5, column: 21 },
    ]);
  });

  it('parseAssignment() of an empty file assigns nothing', () => {
    expect(parseAssignment(NAME, '')).toEqual({ assignment: { file: NAME, nodes: [] } });
  });
});

describe('AssignmentFile', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'onib-assign-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('look() tells each content once, and what is so when the file is gone', async () => {
    const absolute = path.join(directory, NAME);
    const file = new AssignmentFile(absolute, NAME);
    /** A change counts when it is seen twice. */
    const lookTwice = async (): Promise<unknown> => (await file.look()) ?? (await file.look());
    await writeFile(absolute, text);
    expect(await file.look()).toHaveProperty('assignment');
    expect(await lookTwice()).toBeUndefined();
    await writeFile(absolute, 'a: [');
    expect(await lookTwice()).toHaveProperty('problems');
    expect(await lookTwice()).toBeUndefined();
    await rm(absolute);
    expect(await lookTwice()).toMatchObject({ problems: [{ code: 'ASSIGNMENT_MISSING' }] });
    expect(await lookTwice()).toBeUndefined();
    await writeFile(absolute, text);
    expect(await lookTwice()).toHaveProperty('assignment');
  });

  it('look() takes no file that is just being written for a shorter one', async () => {
    const absolute = path.join(directory, NAME);
    const file = new AssignmentFile(absolute, NAME);
    await writeFile(absolute, text);
    await file.look();
    for (const part of ['', text.slice(0, text.length / 2), text]) {
      await writeFile(absolute, part);
      expect(await file.look()).toBeUndefined();
    }
    expect(await file.look()).toBeUndefined();
  });
});
