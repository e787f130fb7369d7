/** One exchange with the server's own addresses, in JSON. */

import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';

/** The server understood and refused; the text is for the reader. */
export class RefusedError extends Error {}

export async function sendJson(
  url: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  body?: object,
  csrfToken = '',
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      'X-Requested-With': 'XMLHttpRequest',
      ...(method === 'GET' ? {} : { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch((cause: unknown) => {
    throw new ConnectionError({ cause });
  });
  if (response.status === 401 || response.redirected) throw new SignedOutError();
  if (response.status === 404) throw new NotFoundError();
  if (!response.ok) throw await refusal(response);
  return response.json();
}

async function refusal(response: Response): Promise<Error> {
  const answer: unknown = await response.json().catch(() => undefined);
  const detail = (answer as { detail?: unknown } | undefined)?.detail;
  return typeof detail === 'string' ? new RefusedError(detail) : new HttpError(response.status);
}

/** What went wrong, for the reader, and what to do next. */
export function troubleOf(error: unknown): string {
  if (error instanceof RefusedError) return error.message;
  if (error instanceof SignedOutError) return 'You are signed out: sign in again, then try once more.';
  if (error instanceof ConnectionError) return 'The server cannot be reached: try again in a moment.';
  return 'The server could not do it: try again in a moment.';
}
