/** What can go wrong between the viewer and the archive, told apart by what the reader can do about it. */

/** The server answered, and the answer was no. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly retryAfterSeconds?: number,
    /** Why, in the server's words for people. */
    readonly detail?: string,
  ) {
    super(detail ?? `the server answered with status ${status}`);
    this.name = 'HttpError';
  }

  get isTransient(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

/** The session has ended: nothing helps but to sign in again. */
export class SignedOutError extends Error {
  constructor() {
    super('the session has ended');
    this.name = 'SignedOutError';
  }
}

/** The object does not exist, or not for this user. */
export class NotFoundError extends Error {
  constructor() {
    super('the archive does not have it');
    this.name = 'NotFoundError';
  }
}

/** No answer at all, or one that broke off. */
export class ConnectionError extends Error {
  constructor(options?: ErrorOptions) {
    super('the server could not be reached', options);
    this.name = 'ConnectionError';
  }
}

/** Bytes arrived that cannot be what they are said to be. */
export class CorruptDataError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'CorruptDataError';
  }
}

/** What is stored is sound, but nothing here can show it; the message is a sentence for the reader. */
export class UnsupportedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnsupportedError';
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
