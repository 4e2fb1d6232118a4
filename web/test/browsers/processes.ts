import { readdirSync, readFileSync } from 'node:fs';
import { kill } from 'node:process';

/** What the kernel says of a process. */
interface Stat {
  readonly state: string;
  readonly parent: number;
  /** The time it has worked, in hundredths of a second. */
  readonly worked: number;
}

function stat(pid: number): Stat | undefined {
  try {
    // The name, in parentheses, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), worked: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Every process there is. */
function processes(): Map<number, Stat> {
  const all = new Map<number, Stat>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const found = stat(pid);
    if (found) all.set(pid, found);
  }
  return all;
}

/** A process's descendants, itself among them, with the time that each has worked. */
function descendants(root: number): Map<number, number> {
  const all = processes();
  const found = new Map<number, number>();
  const take = (pid: number): void => {
    found.set(pid, all.get(pid)?.worked ?? 0);
    for (const [child, { parent }] of all) if (parent === pid) take(child);
  };
  take(root);
  return found;
}

/** The descendant that works most meanwhile, and for how many hundredths of a second. */
export async function busiest(root: number, meanwhile: () => Promise<unknown>): Promise<{ pid: number; worked: number }> {
  const before = descendants(root);
  await meanwhile();
  const [first] = [...descendants(root)].map(([pid, worked]) => ({ pid, worked: worked - (before.get(pid) ?? 0) })).sort((a, b) => b.worked - a.worked);
  return first ?? { pid: root, worked: 0 };
}

/** The descendants that have a thread of that name. */
export function withThread(root: number, name: string): number[] {
  return [...descendants(root).keys()].filter((pid) => threads(pid).includes(name));
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim());
  } catch {
    return [];
  }
}

/** Ends a process and its descendants, also those that do not listen. */
export function endAll(root: number): void {
  for (const pid of descendants(root).keys()) {
    try {
      kill(pid, 'SIGKILL');
    } catch {
      // It went with another.
    }
  }
}

/** Whether a process still is: one that nobody has asked about since it ended no longer is. */
export function lives(pid: number): boolean {
  return !['Z', 'X', ''].includes(stat(pid)?.state ?? '');
}
