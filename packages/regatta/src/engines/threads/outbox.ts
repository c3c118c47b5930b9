/**
 * A thread's messages to the host, in batches: one message at a time costs twice as much.
 *
 * A batch leaves when it is full, when the thread's event loop turns, or when somebody is about to
 * wait or to block. So nothing lingers behind a tool that does not give the loop back.
 */
import { type Port, send } from './send.ts';

/** Measured: more per batch gains nothing, less costs. */
const BATCH = 64;

export class Outbox<Message> {
  readonly #port: Port;
  readonly #instead: (message: Message) => Message;
  #waiting: Message[] = [];
  #isScheduled = false;

  /** `instead` gives what is sent in the place of a message that no port can carry. */
  constructor(port: Port, instead: (message: Message) => Message) {
    this.#port = port;
    this.#instead = instead;
  }

  push(message: Message): void {
    this.#waiting.push(message);
    if (this.#waiting.length >= BATCH) {
      this.flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#port.postMessage(batch);
    } catch {
      for (const message of batch) this.#sendAlone(message); // one of them cannot be cloned, and only that one may change
    }
  }

  #sendAlone(message: Message): void {
    try {
      send(this.#port, [message]);
    } catch {
      send(this.#port, [this.#instead(message)]); // it tells the host what went wrong
    }
  }
}
