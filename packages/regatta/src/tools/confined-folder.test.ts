/** Nothing outside of the folder is opened for anybody, however the path is made, and whenever it changes. */
import * as fs from 'node:fs/promises';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { confineToFolder, type Files } from './confined-folder.ts';
import { openTempFolder } from './tools.fixture.ts';
import { writeText } from './write-file.ts';

/** `root` and `secret.txt`, `outside/` beside it; links from inside to both, and to what is inside. */
async function openRoot() {
  const folder = await openTempFolder();
  const at = (...names: string[]): string => join(folder.path, ...names);
  await mkdir(at('root', 'sub'), { recursive: true });
  await mkdir(at('outside'));
  await mkdir(at('root-twin'));
  await writeFile(at('secret.txt'), 'secret');
  await writeFile(at('outside', 'note.txt'), 'secret');
  await writeFile(at('root-twin', 'note.txt'), 'secret');
  await writeFile(at('root', 'sub', 'note.txt'), 'note');
  await symlink('../secret.txt', at('root', 'leak'));
  await symlink(at('outside'), at('root', 'leak-folder'));
  await symlink('sub', at('root', 'alias'));
  await symlink('circle', at('root', 'circle'));
  await symlink('../root-twin', at('root', 'twin'));
  return { at, root: at('root'), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function read(root: string, path: string, files?: Files): Promise<string> {
  const handle = await confineToFolder(root, files).openFile(path);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

test('files inside are opened, also through links that stay inside, and by a root that is a link', async () => {
  await using open = await openRoot();
  await symlink('root', open.at('root-link'));
  for (const path of ['sub/note.txt', './sub//note.txt', 'alias/note.txt', 'sub\\note.txt']) {
    expect(await read(open.root, path)).toBe('note');
  }
  expect(await read(open.at('root-link'), 'sub/note.txt')).toBe('note');
});

test('a path that leaves the folder is refused, and told as it was written', async () => {
  await using open = await openRoot();
  const paths = [
    '../secret.txt',
    'sub/../../secret.txt',
    'sub/..',
    '..',
    '..\\secret.txt',
    open.at('secret.txt'),
    '/etc/passwd',
    'C:\\Windows',
    '\\\\server\\share',
    'leak',
    'leak-folder/note.txt',
    'circle',
    'sub/note.txt\0.png',
    '../root-twin/note.txt',
    'twin/note.txt',
  ];
  for (const path of paths) {
    await expect(read(open.root, path), path).rejects.toMatchObject({
      code: 'tool/confined',
      details: { to: 'folder', value: path },
    });
  }
  await expect(confineToFolder(open.root).openFolder('leak-folder')).rejects.toMatchObject({
    code: 'tool/confined',
  });
});

test('what is not there, or of another kind, is said', async () => {
  await using open = await openRoot();
  const folder = confineToFolder(open.root);
  await expect(folder.openFile('none.txt')).rejects.toMatchObject({ code: 'not-found' });
  await expect(folder.openFile('sub')).rejects.toMatchObject({ code: 'not-a-file' });
  await expect(folder.openFolder('sub/note.txt')).rejects.toMatchObject({ code: 'not-a-folder' });
  await expect(confineToFolder(open.at('none')).openFolder('')).rejects.toMatchObject({ code: 'not-found' });
});

/** Lets `change` happen right after a path was checked, before it is opened. */
function changing(change: () => Promise<void>, rest: Partial<Files> = {}): Files {
  let calls = 0;
  return {
    ...fs,
    ...rest,
    realpath: (async (path: string) => {
      const real = await fs.realpath(path);
      if (++calls === 2) await change(); // the first is the root's
      return real;
    }) as Files['realpath'],
  };
}

const noProc = { readlink: () => Promise.reject(new Error('no /proc')) } as Partial<Files>;

test.each([
  ['the handle says where it is', {}],
  ['files are compared', noProc],
])('a folder that becomes a link between check and opening leads nowhere: %s', async (_how, rest) => {
  await using open = await openRoot();
  const swap = async (): Promise<void> => {
    await rename(open.at('root', 'sub'), open.at('root', 'sub-old'));
    await symlink(open.at('outside'), open.at('root', 'sub'));
  };
  await expect(read(open.root, 'sub/note.txt', changing(swap, rest))).rejects.toMatchObject({
    code: 'tool/confined',
  });
});

test.each([
  ['the handle says where it is', {}],
  ['files are compared', noProc],
])('a folder that is a link only while it is opened leads nowhere: %s', async (_how, rest) => {
  await using open = await openRoot();
  const opening = async (path: string, flags: number): Promise<fs.FileHandle> => {
    await rename(open.at('root', 'sub'), open.at('root', 'sub-old'));
    await symlink(open.at('outside'), open.at('root', 'sub'));
    const handle = await fs.open(path, flags);
    await rm(open.at('root', 'sub'));
    await rename(open.at('root', 'sub-old'), open.at('root', 'sub'));
    return handle;
  };
  const files: Files = { ...fs, ...rest, open: opening as Files['open'] };
  await expect(read(open.root, 'sub/note.txt', files)).rejects.toMatchObject({ code: 'tool/confined' });
});

test('a file that becomes a link between check and opening leads nowhere', async () => {
  await using open = await openRoot();
  const swap = async (): Promise<void> => {
    await rm(open.at('root', 'sub', 'note.txt'));
    await symlink(open.at('secret.txt'), open.at('root', 'sub', 'note.txt'));
  };
  await expect(read(open.root, 'sub/note.txt', changing(swap))).rejects.toMatchObject({
    code: 'tool/confined',
  });
});

test.runIf(process.platform === 'linux')(
  'a folder that is opened stays the same one although its path leads elsewhere',
  async () => {
    await using open = await openRoot();
    const inner = confineToFolder(open.root);
    const swapping = {
      ...inner,
      openFolder: async (path: string) => {
        const opened = await inner.openFolder(path);
        await rename(open.at('root', 'sub'), open.at('root', 'sub-old'));
        await symlink(open.at('outside'), open.at('root', 'sub'));
        return opened;
      },
    };
    await writeText(swapping, { path: 'sub/note.txt', content: 'new', maxBytes: 10 });
    expect(await fs.readFile(open.at('outside', 'note.txt'), 'utf8')).toBe('secret');
    expect(await fs.readFile(open.at('root', 'sub-old', 'note.txt'), 'utf8')).toBe('new');
    expect(await fs.readdir(open.at('outside'))).toEqual(['note.txt']);
  },
);
