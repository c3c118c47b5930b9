/**
 * Code that the files of a project name: tools, schemas, functions.
 *
 * It is looked for inside the project's folder only, links followed, and in packages that the crew
 * file lists. What stands in a file is data until this module imports it, and only what it says is
 * imported.
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CodeRef, refText } from './code-ref.ts';
import { nearest } from './similar.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cts', '.cjs'];

export type Module = Readonly<Record<string, unknown>>;

/** A value, or why there is none: two sentences. */
export type Loaded =
  | { readonly isLoaded: true; readonly value: unknown }
  | { readonly isLoaded: false; readonly message: string };

export interface CodeLoader {
  /** The project's folder, links followed. */
  readonly root: string;
  /** Whether the project itself has something of this name in `folder`. */
  has(name: string, folder: string): boolean;
  /** What `ref` names; a name alone is looked for in `folder`, such as `tools`. */
  load(ref: CodeRef, folder: string): Promise<Loaded>;
}

/** A file to import, and the export that is meant; undefined = the only one. */
interface Found {
  readonly path: string;
  readonly exportName: string | undefined;
}

/** Thrown inside this module to leave a search with a reason. */
class Refusal extends Error {}

/** `root` is the project's folder; `packages` are the names of packages whose code it may name. */
export function createCodeLoader(root: string, packages: readonly string[]): CodeLoader {
  const realRoot = realpathSync(root);
  const find = (ref: CodeRef, folder: string): Found => {
    if (ref.kind === 'name') return findName(realRoot, ref.name, folder);
    const { module, exportName } = ref;
    const path = module.startsWith('.')
      ? findFile(realRoot, module)
      : isAbsolute(module) || /^[a-z]+:/i.test(module)
        ? refuse(
            `${module} is not a path inside the project. Write it from the project's folder, as ./tools/search.ts.`,
          )
        : findPackage(realRoot, module, packages);
    return { path, exportName };
  };
  return {
    root: realRoot,
    has: (name, folder) =>
      candidatesOf(name, folder).some(({ module }) => existsSync(resolve(realRoot, module))),
    async load(ref, folder) {
      try {
        const { path, exportName } = find(ref, folder);
        const module = await importFile(path, shown(realRoot, path));
        return { isLoaded: true, value: pick(module, exportName, { path: shown(realRoot, path), ref }) };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { isLoaded: false, message: error.message };
      }
    },
  };
}

function refuse(message: string): never {
  throw new Refusal(message);
}

function shown(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** The real path of a file inside `root`; a link must not lead out. */
function findFile(root: string, module: string): string {
  const path = resolve(root, module);
  const isInside = (one: string): boolean => one.startsWith(root + sep);
  if (module.split(/[\\/]/).includes('..') || !isInside(path)) {
    return refuse(`${module} leads out of the project. Name a file inside its folder, without "..".`);
  }
  if (shown(root, path).split('/').includes('node_modules')) {
    return refuse(
      `${module} is in node_modules. Name the package, and list it under packages in the crew file.`,
    );
  }
  if (!existsSync(path) || !statSync(path).isFile()) {
    const folder = dirname(path);
    const near = existsSync(folder)
      ? nearest(
          module,
          readdirSync(folder).map((name) => `./${shown(root, join(folder, name))}`),
        )
      : undefined;
    return refuse(
      `There is no file ${module} in the project. ${near === undefined ? 'Correct the path.' : `Did you mean ${near}?`}`,
    );
  }
  if (!EXTENSIONS.includes(extname(path))) {
    return refuse(`${module} is no module. Name a file that ends with ${EXTENSIONS.slice(0, 4).join(', ')}.`);
  }
  const real = realpathSync(path);
  if (!isInside(real))
    return refuse(`${module} is a link that leads out of the project. Put the file into its folder.`);
  return real;
}

/** `folder/NAME.ts`, else the export NAME of `folder.ts`. */
function findName(root: string, name: string, folder: string): Found {
  const found = candidatesOf(name, folder).find(({ module }) => existsSync(resolve(root, module)));
  if (found !== undefined) return { path: findFile(root, found.module), exportName: found.exportName };
  return refuse(
    `Nothing in the project is called "${name}": there is neither ${folder}/${name}.ts nor ${folder}.ts. Write one of them, or name a place as ./path/of/module.ts#export.`,
  );
}

/** Where a name may be, the first first. A text that is no name is nowhere. */
function candidatesOf(
  name: string,
  folder: string,
): readonly { readonly module: string; readonly exportName: string | undefined }[] {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return [];
  const spellings = [...new Set([name, snake(name), snake(name).replaceAll('_', '-')])];
  return [
    ...spellings.flatMap((spelling) =>
      EXTENSIONS.map((extension) => ({
        module: `./${folder}/${spelling}${extension}`,
        exportName: undefined,
      })),
    ),
    ...EXTENSIONS.map((extension) => ({ module: `./${folder}${extension}`, exportName: name })),
  ];
}

/** Only what the crew file lists, found as the project itself would find it. */
function findPackage(root: string, module: string, packages: readonly string[]): string {
  const parts = module.split('/');
  const owner = parts.slice(0, module.startsWith('@') ? 2 : 1).join('/');
  if (!packages.includes(owner)) {
    return refuse(
      `${module} is a package that the project does not list. Write packages: [${JSON.stringify(owner)}] in the crew file, or begin a path of the project with ./.`,
    );
  }
  try {
    return createRequire(join(root, 'package.json')).resolve(module);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return refuse(
      `The package ${module} cannot be found from the project${reason}. Install it there, or import it in a file of the project and name that.`,
    );
  }
}

async function importFile(path: string, name: string): Promise<Module> {
  try {
    return (await import(pathToFileURL(path).href)) as Module; // any module is one
  } catch (error) {
    const reason =
      error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0] ?? ''}` : String(error);
    return refuse(
      `${name} cannot be loaded: ${reason}${/[.!?]$/.test(reason) ? '' : '.'} Correct the module.`,
    );
  }
}

/** The export that is named; else the default one, else the only one. */
function pick(
  module: Module,
  exportName: string | undefined,
  { path, ref }: { readonly path: string; readonly ref: CodeRef },
): unknown {
  const names = Object.keys(module).filter((name) => name !== 'module.exports');
  if (exportName !== undefined) {
    if (Object.hasOwn(module, exportName)) return module[exportName];
    const near = nearest(exportName, names);
    return refuse(
      `${path} has no export "${exportName}". ${near === undefined ? `Its exports are: ${names.join(', ') || 'none'}.` : `Did you mean "${near}"?`}`,
    );
  }
  const wanted = ref.kind === 'name' ? [ref.name, camel(ref.name), snake(ref.name)] : [];
  const chosen =
    [...wanted, 'default'].find((name) => names.includes(name)) ??
    (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined) return module[chosen];
  return refuse(
    `${refText(ref)} does not say which export of ${path} is meant. Write ./${path}#NAME with one of: ${names.join(', ') || 'none'}.`,
  );
}

function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

function camel(name: string): string {
  return snake(name).replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
