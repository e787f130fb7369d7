/** One HTTP exchange with the archive, repeated with growing pauses while the trouble looks passing. */

import { ConnectionError, HttpError, isAbort, NotFoundError, SignedOutError } from './errors';

export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  attempts: number;
  /** Pause before the second attempt; it doubles from there. */
  firstPauseMs: number;
}

export interface RequestOptions {
  accept: string;
  signal?: AbortSignal | undefined;
  retry?: RetryPolicy;
  timeoutMs?: number;
  /** Only these bytes, both of them included; the answer may hold fewer. */
  range?: { first: number; last: number };
}

export const defaultRetry: RetryPolicy = { attempts: 4, firstPauseMs: 400 };
const defaultTimeoutMs = 60_000;
const longestPauseMs = 10_000;

export interface Body<T> {
  value: T;
  contentType: string;
}

export async function getJson(url: string, options: RequestOptions): Promise<unknown> {
  const { value } = await get(url, options, (response) => readJson(response));
  return value;
}

export async function getBytes(url: string, options: RequestOptions): Promise<Body<Uint8Array>> {
  return get(url, options, async (response) => new Uint8Array(await response.arrayBuffer()));
}

async function readJson(response: Response): Promise<unknown> {
  const body = await response.text();
  return body === '' ? [] : (JSON.parse(body) as unknown);
}

async function get<T>(
  url: string,
  options: RequestOptions,
  read: (response: Response) => Promise<T>,
): Promise<Body<T>> {
  const { attempts, firstPauseMs } = options.retry ?? defaultRetry;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await exchange(url, options, read);
    } catch (error) {
      if (attempt >= attempts || !isWorthAnotherTry(error)) throw error;
      await pause(pauseBefore(attempt, firstPauseMs, error), options.signal);
    }
  }
}

async function exchange<T>(
  url: string,
  { accept, signal, range, timeoutMs = defaultTimeoutMs }: RequestOptions,
  read: (response: Response) => Promise<T>,
): Promise<Body<T>> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      headers: {
        Accept: accept,
        'X-Requested-With': 'XMLHttpRequest',
        ...(range && { Range: `bytes=${range.first}-${range.last}` }),
      },
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    refuseUnlessGood(response);
    return { value: await read(response), contentType: response.headers.get('Content-Type') ?? '' };
  } catch (error) {
    if (signal?.aborted) throw new DOMException('cancelled', 'AbortError');
    if (isBrokenConnection(error)) throw new ConnectionError({ cause: error });
    throw error;
  }
}

function refuseUnlessGood(response: Response): void {
  // Asking for images never redirects, unless it is to the sign-in page.
  if (response.status === 401 || response.redirected) throw new SignedOutError();
  if (response.status === 404 || response.status === 403) throw new NotFoundError();
  if (!response.ok) {
    const retryAfter = Number(response.headers.get('Retry-After'));
    throw new HttpError(response.status, retryAfter > 0 ? retryAfter : undefined);
  }
}

/** `fetch` reports every network failure as a TypeError; our own deadline is a TimeoutError. */
function isBrokenConnection(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    (error instanceof DOMException && error.name === 'TimeoutError') ||
    error instanceof SyntaxError
  );
}

function isWorthAnotherTry(error: unknown): boolean {
  if (isAbort(error)) return false;
  return error instanceof ConnectionError || (error instanceof HttpError && error.isTransient);
}

function pauseBefore(attempt: number, firstPauseMs: number, error: unknown): number {
  const asked = error instanceof HttpError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const doubled = firstPauseMs * 2 ** (attempt - 1);
  return Math.min(Math.max(doubled, asked), longestPauseMs);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      clearTimeout(timer);
      reject(new DOMException('cancelled', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', cancel);
      resolve();
    }, milliseconds);
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}
