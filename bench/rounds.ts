/** How often everything is measured: as `--rounds` says, once with `--quick`, else three times. */
export function roundsOf({
  quick,
  rounds = '3',
}: {
  readonly quick: boolean;
  readonly rounds?: string | undefined;
}): number {
  const count = quick ? 1 : Number(rounds);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`--rounds is "${rounds}", which is not a number of rounds. Give 1 or more.`);
}
