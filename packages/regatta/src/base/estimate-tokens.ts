/** Tokens of a text where nothing can count them: an estimate, and nothing that a bill rests on. */

/** Characters of a token, on average over English text and code. */
const CHARS_PER_TOKEN = 4;

/** Other scripts than Latin take about one token for each character. */
export function estimateTokens(text: string): number {
  let wide = 0;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) wide++;
  return Math.ceil((text.length - wide) / CHARS_PER_TOKEN) + wide;
}
