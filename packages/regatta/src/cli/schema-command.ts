/** `regatta schema`: the JSON Schema of a project's files, for editors. */
import { projectSchema, type SchemaName } from '../project/index.ts';

/** Prints it, and gives the exit code. */
export function schemaCommand(name: SchemaName): number {
  process.stdout.write(`${JSON.stringify(projectSchema(name), null, 2)}\n`);
  return 0;
}
