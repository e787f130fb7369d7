/* eslint-env node */
// HTJ2K and JPEG XL encoders for the tests' images: reads a JSON list of jobs from standard input, and writes a JSON
// list of codestreams, both with their bytes in base64. The first argument is the folder that holds node_modules.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(join(process.argv[2], 'package.json')));

async function htj2k() {
  const codec = await require('@cornerstonejs/codec-openjph')();
  return (job, image) => {
    const encoder = new codec.HTJ2KEncoder();
    encoder
      .getDecodedBuffer({ ...image, isUsingColorTransform: job.colourTransform })
      .set(Buffer.from(job.pixels, 'base64'));
    encoder.setQuality(job.lossless, job.lossless ? 0 : 0.002);
    encoder.setProgressionOrder(job.progression);
    encoder.encode();
    return encoder.getEncodedBuffer();
  };
}

async function jpegXl() {
  const file = require.resolve('@cornerstonejs/codec-libjxl/encodewasmjs');
  const { default: make } = await import(pathToFileURL(file));
  const codec = await make({
    wasmBinary: readFileSync(require.resolve('@cornerstonejs/codec-libjxl/encodewasm')),
  });
  return (job, image) => {
    const encoder = new codec.JpegXLEncoder();
    encoder.getDecodedBuffer(image).set(Buffer.from(job.pixels, 'base64'));
    encoder.setLossless(job.lossless);
    if (!job.lossless) encoder.setDistance(0.5);
    encoder.encode();
    return encoder.getEncodedBuffer();
  };
}

const encoders = { htj2k: await htj2k(), 'jpeg-xl': await jpegXl() };
const jobs = JSON.parse(readFileSync(0, 'utf8'));
const streams = jobs.map((job) => {
  const image = {
    width: job.columns,
    height: job.rows,
    bitsPerSample: job.bits,
    componentCount: job.components,
    isSigned: job.signed,
  };
  return Buffer.from(encoders[job.codec](job, image)).toString('base64');
});
process.stdout.write(JSON.stringify(streams));
