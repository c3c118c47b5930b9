/** Who holds a run: a process, by names that tell it apart and show whether it is still alive. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const GAP = ' process ';

/** This process: machine, the space of its process ids where there are several, and its id. */
export function ownerHere(): string {
  return `${machine()}${GAP}${process.pid}`;
}

/** Whether `owner` may still be at work: false only for a process of this machine that is gone. */
export function mayBeAlive(owner: string): boolean {
  const [where, id] = owner.split(GAP);
  if (where !== machine()) return true;
  try {
    process.kill(Number(id), 0); // sends nothing: it asks whether the process is there
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Containers may share a host's name, and each counts its processes anew. */
function machine(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname(); // not Linux, where a machine has one space of process ids
  }
}
