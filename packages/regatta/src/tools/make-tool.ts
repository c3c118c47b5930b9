/** Makes tools of ours: as `defineTool` does for users, from arguments in JSON Schema. */
import type { JsonObject } from '../base/json.ts';
import { createContract } from '../base/schema.ts';
import type { Tool, ToolContext, ToolPolicy } from '../ports/tool.ts';

export interface ToolMaking<Args> extends ToolPolicy {
  readonly name: string;
  readonly description: string;
  /** Properties of the arguments. Others are refused. */
  readonly properties: JsonObject;
  readonly required: readonly (keyof Args & string)[];
  readonly execute: (args: Args, context: ToolContext) => unknown;
}

/** `Args` is what the properties say. */
export function makeTool<Args>({ properties, required, execute, ...rest }: ToolMaking<Args>): Tool {
  const schema = { type: 'object', properties, required, additionalProperties: false };
  const { jsonSchema, parse } = createContract(schema, `Tool "${rest.name}"`);
  return Object.freeze<Tool>({
    ...rest,
    inputSchema: jsonSchema,
    parse,
    execute: (args, context) => execute(args as Args, context), // `parse` gave them, by the schema
  });
}
