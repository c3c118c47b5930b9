/** A crew that looks for boats in a catalogue, compares them, and writes a brief. */
import { Agent, Crew, type Json, Task } from '../../../index.ts';
import { CATALOGUE, type Product } from '../data/catalogue.ts';
import { demoTool } from '../demo-tool.ts';
import { searchRows } from '../search.ts';

const METRES_PER_FOOT = 0.3048;

const searchCatalogue = demoTool({
  name: 'search_catalogue',
  description: 'Finds boats in the catalogue by words, best first.',
  properties: { query: { type: 'string', description: 'Words that describe the boat and its buyers.' } },
  answer: ({ query }) => search(query).map(({ name, priceEur }) => ({ name, priceEur })),
});

const comparePrices = demoTool({
  name: 'compare_prices',
  description: 'Gives the lowest, the median and the highest price in EUR of boats found by words.',
  properties: { query: { type: 'string', description: 'Words that describe the boats.' } },
  answer: ({ query }) => {
    const prices = search(query)
      .map(({ priceEur }) => priceEur)
      .toSorted((a, b) => a - b);
    const at = (index: number): number | null => prices.at(index) ?? null;
    return {
      boats: prices.length,
      lowest: at(0),
      median: at(Math.floor(prices.length / 2)),
      highest: at(-1),
    };
  },
});

const convertLength = demoTool({
  name: 'convert_length',
  description: 'Converts a length between feet and metres.',
  properties: {
    length: { type: 'number', minimum: 0, examples: [14] },
    from: { type: 'string', enum: ['feet', 'metres'] },
  },
  answer: ({ length, from }) => {
    const factor = from === 'feet' ? METRES_PER_FOOT : 1 / METRES_PER_FOOT;
    const unit = from === 'feet' ? 'metres' : 'feet';
    return { length: Number((Number(length) * factor).toFixed(2)), unit };
  },
});

function search(query: Json | undefined): readonly Product[] {
  const textOf = ({ name, text }: Product): string => `${name} ${text}`;
  return searchRows(CATALOGUE, String(query), { textOf, limit: 4 });
}

const scout = new Agent({
  role: 'Scout',
  goal: 'Find what is on the market',
  backstory: 'You list facts and judge nothing.',
  tools: [searchCatalogue],
});
const analyst = new Agent({
  role: 'Analyst',
  goal: 'Compare by price and size',
  tools: [comparePrices, convertLength],
});
const writer = new Agent({
  role: 'Writer',
  goal: 'Say in three sentences what a buyer must know',
  tools: [comparePrices],
});

export const marketResearch: Crew = new Crew({
  name: 'market research',
  agents: [scout, analyst, writer],
  tasks: [
    new Task({
      name: 'scout',
      description: '{marker}: find each {product} for {buyers} in the catalogue.',
      expectedOutput: 'The names of the boats with their prices.',
      agent: scout,
    }),
    new Task({
      name: 'compare',
      description: '{marker}: compare each {product} for {buyers} by price.',
      expectedOutput: 'The lowest, median and highest price, and one length in metres.',
      agent: analyst,
    }),
    new Task({
      name: 'brief',
      description: '{marker}: write the brief on {product} for {buyers}.',
      expectedOutput: 'Three sentences.',
      agent: writer,
    }),
  ],
});
