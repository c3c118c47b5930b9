/** Items of a plan that a model makes: their JSON Schema, and what a schema cannot say of them. */
import type { Problem } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import { problem } from './structured.ts';

export interface ItemsShape {
  readonly minItems: number;
  readonly maxItems: number;
  /** What an item has beside id, instructions and needs; all required. */
  readonly properties: JsonObject;
}

export function itemsSchema({ minItems, maxItems, properties }: ItemsShape): JsonObject {
  const text = { type: 'string', minLength: 1 };
  return {
    type: 'object',
    properties: {
      items: {
        type: 'array',
        minItems,
        maxItems,
        items: {
          type: 'object',
          properties: {
            id: { ...text, description: 'Short; differs from the others' },
            instructions: text,
            needs: {
              type: 'array',
              minItems: 0,
              items: text,
              description: 'Ids of items that must be done before',
            },
            ...properties,
          },
          required: ['id', 'instructions', 'needs', ...Object.keys(properties)],
          additionalProperties: false,
        },
      },
    },
    required: ['items'],
    additionalProperties: false,
  };
}

interface Item {
  readonly id: string;
  readonly needs: readonly string[];
}

/** Ids differ, needs exist (in the plan, or in `known`), and nothing waits for itself. */
export function checkItems(items: readonly Item[], known: readonly string[] = []): readonly Problem[] {
  const ids = new Set(items.map(({ id }) => id));
  const problems = items.flatMap(({ id, needs }, index) => {
    const field = `items.${index}`;
    const isSecond = items.findIndex((other) => other.id === id) < index;
    return [
      ...(isSecond
        ? [problem(`${field}.id`, id, `"${id}" is the id of an earlier item. Give another.`)]
        : []),
      ...needs
        .filter((need) => !ids.has(need) && !known.includes(need))
        .map((need) => problem(`${field}.needs`, need, `There is no item "${need}". Name one of the plan.`)),
    ];
  });
  return problems.length > 0 ? problems : findCycle(items);
}

function findCycle(items: readonly Item[]): readonly Problem[] {
  const left = new Map(items.map((item) => [item.id, item]));
  while (left.size > 0) {
    const ready = [...left.values()].filter(({ needs }) => !needs.some((need) => left.has(need)));
    if (ready.length === 0) {
      const stuck = [...left.keys()];
      const names = stuck.map((id) => `"${id}"`).join(', ');
      return [problem('items', stuck, `Of ${names}, each needs another one of them. Take one need out.`)];
    }
    for (const { id } of ready) left.delete(id);
  }
  return [];
}
