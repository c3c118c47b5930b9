/** Runs one example by its name: `npm run example -- crew-with-tools`. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(file) && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length));

const [name = ''] = process.argv.slice(2);
if (names.includes(name)) {
  const file = join(folder, `${name}.ts`);
  process.argv.splice(1, 2, file); // the example sees its own arguments only
  await import(file);
} else {
  console.error(`There is no example "${name}". Use one of: ${names.join(', ')}.`);
  process.exitCode = 1;
}
