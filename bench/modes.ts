import { hangingMode } from './modes/hanging.ts';
import { hotMode } from './modes/hot.ts';
import { logMode } from './modes/log.ts';
import { memoryMode } from './modes/memory.ts';
import type { Mode } from './modes/mode.ts';
import { openMode } from './modes/open.ts';
import { declaredMode, mergeMode, typedMode } from './modes/page.ts';
import { processesMode } from './modes/processes.ts';
import { bodiesSweep, connectionsSweep, widthSweep } from './modes/sweep.ts';

/** Everything that can be measured, by its name on the command line, in this order. */
export const modes = {
  merge: mergeMode,
  typed: typedMode,
  declared: declaredMode,
  width: widthSweep,
  bodies: bodiesSweep,
  connections: connectionsSweep,
  hanging: hangingMode,
  hot: hotMode,
  open: openMode,
  memory: memoryMode,
  log: logMode,
  processes: processesMode,
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof modes;

/** Those that everything else is compared with. */
export const quickModes: readonly ModeName[] = ['merge', 'typed', 'open'];

/** Whether the text names a mode. */
export const isModeName = (name: string): name is ModeName => Object.hasOwn(modes, name);
