/** Where the code of a thread is: TypeScript beside TypeScript, JavaScript where the package was built. */
export function threadUrl(name: string, beside: string): URL {
  const extension = beside.slice(beside.lastIndexOf('.')).replace(/[?#].*/, '');
  return new URL(`./${name}${extension}`, beside);
}
