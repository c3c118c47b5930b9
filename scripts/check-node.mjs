// Stops an npm script early where Node is too old, and says what to do. Plain JavaScript that Node 12 can read.

const floor = [22, 19];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < floor[0] || (major === floor[0] && minor < floor[1])) {
  console.error(
    `Node ${process.versions.node} runs this script, and Regatta needs Node ${floor.join('.')} or later. ` +
      'Run "npm ci" in the root of the repository: it installs Node 24 into node_modules, which npm scripts use. ' +
      'If that was done, allow the install script of the package "node" (npm approve-scripts node) and run "npm rebuild node".',
  );
  process.exit(1);
}
