import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DicomWebClient } from './client';
import { ConnectionError, HttpError, NotFoundError, SignedOutError } from './errors';
import { getBytes, getJson } from './http';

const fetchMock = vi.fn<typeof fetch>();
const options = { accept: 'application/dicom+json', retry: { attempts: 3, firstPauseMs: 1 } };

beforeEach(() => {
  fetchMock.mockReset();
  vi.stubGlobal('fetch', fetchMock);
});

function answer(status: number, body = '[]', headers: Record<string, string> = {}): void {
  fetchMock.mockResolvedValueOnce(new Response(status === 204 ? null : body, { status, headers }));
}

describe('a request', () => {
  test('is repeated while the server has trouble', async () => {
    answer(503);
    fetchMock.mockRejectedValueOnce(new TypeError('network'));
    answer(200, '[{"a":1}]');
    await expect(getJson('/x', options)).resolves.toEqual([{ a: 1 }]);
    expect(fetchMock).toHaveBeenCalledTimes(3);
  });

  test('gives up after the last attempt and says what it met', async () => {
    for (const status of [500, 502, 503]) answer(status);
    await expect(getJson('/x', options)).rejects.toMatchObject({ status: 503 });
  });

  test('reports a connection that stays broken', async () => {
    fetchMock.mockRejectedValue(new TypeError('network'));
    await expect(getJson('/x', options)).rejects.toBeInstanceOf(ConnectionError);
    expect(fetchMock).toHaveBeenCalledTimes(3);
  });

  test.each([
    [401, SignedOutError],
    [404, NotFoundError],
    [400, HttpError],
  ])('answered with %i is not repeated', async (status, kind) => {
    answer(status);
    await expect(getJson('/x', options)).rejects.toBeInstanceOf(kind);
    expect(fetchMock).toHaveBeenCalledTimes(1);
  });

  test('led to another page means that the session ended', async () => {
    const response = new Response('<html>');
    Object.defineProperty(response, 'redirected', { value: true });
    fetchMock.mockResolvedValueOnce(response);
    await expect(getJson('/x', options)).rejects.toBeInstanceOf(SignedOutError);
  });

  test('that broke off in the middle is repeated', async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError('reset'));
      },
    });
    fetchMock.mockResolvedValueOnce(new Response(broken));
    answer(200, 'abc', { 'Content-Type': 'text/plain' });
    const body = await getBytes('/x', options);
    expect(new TextDecoder().decode(body.value)).toBe('abc');
    expect(body.contentType).toBe('text/plain');
  });

  test('without matches is an empty list', async () => {
    answer(204);
    await expect(getJson('/x', options)).resolves.toEqual([]);
  });

  test('ends at once when it is cancelled, even during a pause', async () => {
    answer(503);
    const controller = new AbortController();
    const patient = { ...options, retry: { attempts: 3, firstPauseMs: 60_000 }, signal: controller.signal };
    const pending = getJson('/x', patient);
    setTimeout(() => {
      controller.abort();
    }, 5);
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect(fetchMock).toHaveBeenCalledTimes(1);
  });
});

describe('part of a value', () => {
  const client = new DicomWebClient('/dicom-web');

  test('is asked for until it is whole', async () => {
    answer(206, 'abc');
    answer(206, 'de');
    expect(new TextDecoder().decode(await client.bulkDataPart('/x', 10, 5))).toBe('abcde');
    const asked = fetchMock.mock.calls.map(([, request]) => new Headers(request?.headers).get('Range'));
    expect(asked).toEqual(['bytes=10-14', 'bytes=13-14']);
  });

  test('ends where the value ends', async () => {
    answer(206, 'abc');
    answer(416, '');
    expect(await client.bulkDataPart('/x', 10, 5)).toHaveLength(3);
  });
});

describe('addresses in metadata', () => {
  test('are found below the own root, and those of others stay', async () => {
    const guest = new DicomWebClient('/guest/1/dicom-web');
    answer(206, 'abc');
    answer(206, 'abc');
    await guest.bulkDataPart('/dicom-web/studies/1.2/bulkdata/00420011', 0, 3);
    await guest.bulkDataPart('/dicom-webs/x', 0, 3);
    const asked = fetchMock.mock.calls.map(([url]) => url);
    expect(asked).toEqual(['/guest/1/dicom-web/studies/1.2/bulkdata/00420011', '/dicom-webs/x']);
  });
});
