/** Requests that change something on the server, under the reader's own name and no other. */

import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';

/** What a change needs to be the reader's own. */
export interface Credentials {
  /** Of the session as it is now. */
  csrfToken: () => string;
  /** Asks for the token of a new session; false where the reader is not signed in, or is somebody else. */
  renew: () => Promise<boolean>;
}

const forbidden = 403;
const conflict = 409;
/** Browsers send no more than 64 KiB for a page that is being left. */
const mostAfterLeaving = 60_000;

export class OwnRequests {
  constructor(private readonly credentials: Credentials) {}

  /**
   * The answer, or that there is a conflict (409), which only the caller understands; everything else is raised.
   *
   * The body goes as JSON, a form as it is.
   */
  async send(method: string, url: string, body?: object): Promise<Response> {
    try {
      return await this.exchange(method, url, body);
    } catch (error) {
      // A new session has a new token: the old one is refused like somebody without the right.
      if (!(error instanceof HttpError && error.status === forbidden)) throw error;
      if (!(await this.credentials.renew())) throw new SignedOutError();
      return this.exchange(method, url, body);
    }
  }

  /** What the answer says; a conflict is raised like every other refusal. */
  async json(method: string, url: string, body?: object): Promise<unknown> {
    const response = await this.send(method, url, body);
    if (response.status === conflict) {
      throw new HttpError(response.status, undefined, detailOf(await response.text()));
    }
    return response.json();
  }

  private async exchange(method: string, url: string, body?: object): Promise<Response> {
    const form = body instanceof FormData ? body : undefined;
    const written = body && !form ? JSON.stringify(body) : undefined;
    const response = await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        'X-Requested-With': 'XMLHttpRequest',
        ...(method === 'GET' ? {} : { 'X-CSRFToken': this.credentials.csrfToken() }),
        ...(written ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(written ? { body: written, keepalive: written.length < mostAfterLeaving } : {}),
      ...(form ? { body: form } : {}),
    }).catch((cause: unknown) => {
      throw new ConnectionError({ cause });
    });
    if (response.status === 401 || response.redirected) throw new SignedOutError();
    if (response.status === 404) throw new NotFoundError();
    if (!response.ok && response.status !== conflict) {
      throw new HttpError(response.status, undefined, detailOf(await response.text()));
    }
    return response;
  }
}

/** The sentence with which the server says why (RFC 9457). */
export function detailOf(answer: string): string | undefined {
  try {
    const { detail } = JSON.parse(answer) as { detail?: unknown };
    return typeof detail === 'string' ? detail : undefined;
  } catch {
    return undefined;
  }
}

/** What went wrong, for the reader, and what to do next. */
export function troubleOf(error: unknown): string {
  if (error instanceof HttpError && error.detail !== undefined) return error.detail;
  if (error instanceof SignedOutError) return 'You are signed out: sign in again, then try once more.';
  if (error instanceof ConnectionError) return 'The server cannot be reached: try again in a moment.';
  return 'The server could not do it: try again in a moment.';
}
