/** A package that is not installed is named, with the command that installs what is needed. */
import { expect, test } from 'vitest';
import { type OptionalPackage, orMissing } from './optional-packages.ts';

const names: readonly OptionalPackage[] = ['linkedom', 'turndown'];

const notFound = (name: string): Error =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/a.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });

test('a package that is not there is said, and how to get it and the others', async () => {
  await expect(
    orMissing(Promise.reject(notFound('turndown')), { tool: 'fetch_page', names }),
  ).rejects.toMatchObject({
    code: 'tool/missing-package',
    message: expect.stringMatching(
      /"fetch_page" needs the package turndown.*npm install linkedom@\S+ turndown@\S+$/,
    ),
    details: { tool: 'fetch_page', package: 'turndown' },
  });
});

test('what one of them imports in turn, and other failures, are what they are', async () => {
  const inner = notFound('turndown-plugin');
  await expect(orMissing(Promise.reject(inner), { tool: 't', names })).rejects.toBe(inner);
  const broken = new SyntaxError('bad');
  await expect(orMissing(Promise.reject(broken), { tool: 't', names })).rejects.toBe(broken);
  expect(await orMissing(Promise.resolve(1), { tool: 't', names })).toBe(1);
});

test('versions are those that the tests run with', async () => {
  const { default: manifest } = await import('../../../../package.json', { with: { type: 'json' } });
  const said = await orMissing(Promise.reject(notFound('linkedom')), {
    tool: 't',
    names: ['@mozilla/readability', 'linkedom', 'parse5', 'quickjs-emscripten', 'turndown'],
  }).catch(({ details }) => details.command as string);
  const developed = manifest.devDependencies as Readonly<Record<string, string>>;
  for (const [, name, version] of (said as string).matchAll(/(\S+)@([\d.]+)/g))
    expect(version, name).toBe(developed[name!]);
});
