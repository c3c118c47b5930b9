/** A small catalogue of boats, made up for the demonstration. */

export interface Product {
  readonly name: string;
  readonly text: string;
  readonly priceEur: number;
  readonly lengthFt: number;
}

export const CATALOGUE: readonly Product[] = [
  { name: 'Gull 12', text: 'dinghy for families, stable, two sails', priceEur: 4_900, lengthFt: 12 },
  { name: 'Gull 14', text: 'dinghy for families and schools, three seats', priceEur: 6_200, lengthFt: 14 },
  { name: 'Tern 420', text: 'dinghy for clubs, two hands, trapeze', priceEur: 8_750, lengthFt: 14 },
  { name: 'Optimist S', text: 'dinghy for children, one sail, safe', priceEur: 2_100, lengthFt: 8 },
  { name: 'Heron 1x', text: 'racing shell for one rower, carbon', priceEur: 9_800, lengthFt: 27 },
  { name: 'Heron 4x', text: 'racing shell for four rowers, clubs, carbon', priceEur: 24_500, lengthFt: 42 },
  {
    name: 'Heron 8+',
    text: 'racing shell for eight rowers and a cox, clubs',
    priceEur: 41_000,
    lengthFt: 57,
  },
  { name: 'Coot', text: 'kayak for rental firms, one seat, unsinkable', priceEur: 690, lengthFt: 9 },
  { name: 'Coot Duo', text: 'kayak for rental firms and families, two seats', priceEur: 940, lengthFt: 12 },
  { name: 'Seal Tour', text: 'kayak for long tours, two hatches', priceEur: 1_850, lengthFt: 16 },
  { name: 'Swan 22', text: 'day cruiser for families, cabin, four berths', priceEur: 32_000, lengthFt: 22 },
  { name: 'Raft Pro', text: 'raft for rental firms, six seats, rivers', priceEur: 2_750, lengthFt: 14 },
];
