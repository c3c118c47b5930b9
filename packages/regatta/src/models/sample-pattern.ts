/**
 * A text that fits a regular expression, for the part of the language that schemas use: literals,
 * classes, groups, alternatives and counts. Look-arounds and back-references are taken as empty.
 */

/** Undefined if what came out does not fit. `repeat` is how often `+` and `*` repeat. */
export function samplePattern(pattern: string, repeat: number): string | undefined {
  const text = new Sampler(pattern, repeat).alternatives();
  return fitsPattern(text, pattern) ? text : undefined;
}

/** A pattern that JavaScript cannot read binds nobody here. */
export function fitsPattern(text: string, pattern: string): boolean {
  return compile(pattern)?.test(text) ?? true;
}

/** JSON Schema asks for Unicode patterns, but not everybody escapes as they want it. */
function compile(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {} // the next flags, or none
  }
  return undefined;
}

class Sampler {
  readonly #pattern: string;
  readonly #repeat: number;
  #at = 0;

  constructor(pattern: string, repeat: number) {
    this.#pattern = pattern;
    this.#repeat = repeat;
  }

  /** Up to the end or the closing bracket; the first alternative is the sample. */
  alternatives(): string {
    const first = this.#sequence();
    while (this.#take('|')) this.#sequence();
    return first;
  }

  #sequence(): string {
    let text = '';
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#peek())) {
      const atom = this.#atom();
      text += atom.repeat(this.#count());
    }
    return text;
  }

  #atom(): string {
    const char = this.#next();
    if (char === '^' || char === '$') return '';
    if (char === '.') return 'a';
    if (char === '[') return this.#charClass();
    if (char === '\\') return escaped(this.#next());
    return char === '(' ? this.#group() : char;
  }

  #group(): string {
    const kind = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(this.#pattern.slice(this.#at))?.[0] ?? '';
    this.#at += kind.length;
    const text = this.alternatives();
    this.#take(')');
    return /[=!]$/.test(kind) ? '' : text;
  }

  #charClass(): string {
    const end = this.#classEnd();
    const source = this.#pattern.slice(this.#at - 1, end);
    this.#at = end;
    const allowed = compile(`^${source}$`);
    return [...SAMPLE_CHARS].find((char) => allowed?.test(char)) ?? '';
  }

  #classEnd(): number {
    let at = this.#at;
    while (at < this.#pattern.length && this.#pattern[at] !== ']') at += this.#pattern[at] === '\\' ? 2 : 1;
    return at + 1;
  }

  #count(): number {
    const counted = /^\{(\d+)(?:,\d*)?\}/.exec(this.#pattern.slice(this.#at));
    if (counted) {
      this.#at += counted[0].length;
      this.#take('?');
      return Math.min(Number(counted[1]), MOST_REPEATS);
    }
    const isMany = this.#take('+') || this.#take('*');
    const isOptional = !isMany && this.#take('?');
    if (isMany) this.#take('?');
    if (isMany) return this.#repeat;
    return isOptional ? 0 : 1;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #next(): string {
    return this.#pattern.charAt(this.#at++);
  }

  #take(char: string): boolean {
    const isThere = this.#peek() === char;
    if (isThere) this.#at++;
    return isThere;
  }
}

const MOST_REPEATS = 1000;

/** Letters and digits first, then the rest of ASCII. */
const SAMPLE_CHARS =
  'aA0_- .,:;/@#%+=~!?*&|<>()[]{}^$"\'`\\bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ123456789';

function escaped(char: string): string {
  const classes: Readonly<Record<string, string>> = {
    d: '0',
    D: 'a',
    w: 'a',
    W: '-',
    s: ' ',
    S: 'a',
    b: '',
    B: '',
    n: '\n',
    t: '\t',
  };
  return classes[char] ?? char;
}
