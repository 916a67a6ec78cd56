const [minMajor, minMinor] = [22, 19] as const;

/** What is wrong with this version of Node.js and what to do; undefined when it will do. */
export function nodeVersionFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return undefined;
  return (
    `needs Node.js ${minMajor}.${minMinor} or newer, but this is ${version}: ` +
    "install a newer one from https://nodejs.org, or put it first on PATH"
  );
}
