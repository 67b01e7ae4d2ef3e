import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process of the benchmark answers to, by name. */
type Questions = Readonly<Record<string, (...input: never[]) => unknown>>;

/** A process of the benchmark, asked over its IPC channel. */
export interface Child<Q extends Questions> {
  /** Rejects when the process ends, throws, or does not answer within 30 s. */
  ask<Name extends keyof Q & string>(name: Name, ...input: Parameters<Q[Name]>): Promise<Awaited<ReturnType<Q[Name]>>>;
  stop(): void;
}

/** How a process is started. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** The core it is bound to, where the machine can (`taskset`). */
  readonly core?: number | undefined;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly input: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const answerWithinMs = 30_000;

/** Starts `file` (a URL beside the caller's) as its own process. */
export function startChild<Q extends Questions>(file: URL, { args = [], core }: ChildOptions = {}): Child<Q> {
  const command = [process.execPath, fileURLToPath(file), ...args];
  const [program = '', ...rest] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;

  const onEnd = (error: string) => {
    for (const [id, settle] of waiting) settle({ id, error });
  };
  child.on('message', (answer) => {
    const { id } = answer as Answer; // the only thing `answerQuestions` below sends
    waiting.get(id)?.(answer as Answer);
  });
  child.on('error', (error) => onEnd(error.message));
  child.on('exit', (code, signal) => onEnd(`${file.pathname} ended with ${code ?? signal}`));

  return {
    ask(name, ...input) {
      lastId += 1;
      const question: Question = { id: lastId, name, input };
      return new Promise((resolve, reject) => {
        const settle = ({ value, error }: Answer) => {
          clearTimeout(timer);
          waiting.delete(question.id);
          if (error) reject(new Error(`${name}: ${error}`));
          else resolve(value as Awaited<ReturnType<Q[typeof name]>>); // both ends are typed by the same Q
        };
        const timer = setTimeout(settle, answerWithinMs, { id: question.id, error: 'no answer' });
        waiting.set(question.id, settle);
        child.send(question, (error) => error && settle({ id: question.id, error: error.message }));
      });
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/** The other end: answers the parent's questions until it is gone. */
export function answerQuestions(questions: Questions): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    const question = message as Question; // the only thing `ask` above sends
    // A parent that has gone wants no answer, and `disconnect` ends this process.
    void toAnswer(question, questions).then((answer) => process.send?.(answer, undefined, {}, () => {}));
  });
}

async function toAnswer({ id, name, input }: Question, questions: Questions): Promise<Answer> {
  try {
    // `ask` has checked name and input against the same table.
    return { id, value: await questions[name]?.(...(input as never[])) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

/** Whether processes can be bound to cores 0 and 1 here. */
export const canPin = (): boolean =>
  [0, 1].every((core) => spawnSync('taskset', ['-c', String(core), 'true']).status === 0);

/** Binds this process to a core as well. */
export const bindToCore = (core: number): void => {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
};
