/** Where some ports are, in degrees, to about a kilometre. Not for navigation. */

export interface Port {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
}

export const PORTS: readonly Port[] = [
  { name: 'Aberdeen', latitude: 57.14, longitude: -2.07 },
  { name: 'Bergen', latitude: 60.4, longitude: 5.3 },
  { name: 'Brest', latitude: 48.38, longitude: -4.49 },
  { name: 'Cork', latitude: 51.85, longitude: -8.29 },
  { name: 'Kiel', latitude: 54.33, longitude: 10.15 },
  { name: 'Oslo', latitude: 59.9, longitude: 10.73 },
];
