/** Posts plain data whatever a user's model or guard has put into it. */
import { toJson } from '../../base/json.ts';

/** As much of a port as sending takes. */
export interface Port {
  postMessage(message: unknown): void;
}

/**
 * What cannot be cloned (functions, proxies) crosses as JSON would carry it. Nothing is ever
 * transferred, so the sender's buffers stay whole.
 *
 * @throws TypeError for a cycle or a BigInt beside such a thing. Then nothing was sent.
 */
export function send(port: Port, message: unknown): void {
  try {
    port.postMessage(message);
  } catch {
    port.postMessage(toJson(message)); // a DataCloneError comes before anything is sent
  }
}
