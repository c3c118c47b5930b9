/** How files name code: `./tools/search.ts#search`, `{ module, export }`, a name alone, `custom:my_tool`. */
import { textOf, type Value } from './value.ts';

export type CodeRef =
  | { readonly kind: 'place'; readonly module: string; readonly exportName: string | undefined }
  /** `tools/NAME.ts` and its like. */
  | { readonly kind: 'name'; readonly name: string };

/** A reference, or why it is none: two sentences. Undefined for a text that is not a reference at all. */
export type RefResult = { readonly ref: CodeRef } | { readonly message: string } | undefined;

const IDENTIFIER = /^[A-Za-z_][\w-]*$/;

export function readCodeRef(value: Value): RefResult {
  if (value.kind === 'mapping') return readMapping(value);
  const text = textOf(value)?.trim() ?? '';
  if (text.startsWith('custom:')) return named(text.slice('custom:'.length));
  if (IDENTIFIER.test(text)) return { ref: { kind: 'name', name: text } };
  if (/\s/.test(text) || text === '') return undefined;
  const [module = '', exportName, ...rest] = text.split('#');
  if (rest.length > 0 || exportName === '') {
    return { message: `"${text}" is no place of code. Write one #, and the export behind it.` };
  }
  if (exportName === undefined && !/^\.{0,2}\/|\.[cm]?[jt]s$|^@|^[a-z]+:/i.test(text)) return undefined;
  return { ref: { kind: 'place', module, exportName } };
}

function named(name: string): RefResult {
  if (IDENTIFIER.test(name)) return { ref: { kind: 'name', name } };
  return { message: `"custom:${name}" does not end with a name. Write for example custom:my_tool.` };
}

function readMapping(value: Value & { readonly kind: 'mapping' }): RefResult {
  const keys = value.entries.map(({ key }) => key);
  if (keys.includes('python')) {
    return {
      message:
        'Code in Python cannot be run here. Write it in TypeScript, and name it as { module: ./path.ts, export: NAME }.',
    };
  }
  if (!keys.includes('module')) return undefined;
  const unknown = keys.find((key) => key !== 'module' && key !== 'export');
  if (unknown !== undefined) {
    return { message: `A reference to code has no "${unknown}". Write module and export.` };
  }
  const of = (key: string): string | undefined => {
    const found = value.entries.find((entry) => entry.key === key);
    return found === undefined ? undefined : textOf(found.value)?.trim();
  };
  const module = of('module');
  if (!module)
    return { message: 'A reference to code has no module. Write for example module: ./tools/search.ts.' };
  return { ref: { kind: 'place', module, exportName: of('export') } };
}

export function refText(ref: CodeRef): string {
  if (ref.kind === 'name') return `"${ref.name}"`;
  return ref.exportName === undefined ? ref.module : `${ref.module}#${ref.exportName}`;
}
