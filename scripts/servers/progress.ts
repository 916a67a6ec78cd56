/** Says on standard error what is being waited for. */
export function reportProgress(text: string): void {
  process.stderr.write(`servers: ${text}\n`);
}
