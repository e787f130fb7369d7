/** Stands in for `fs` and `path`, which the decoders name but use under Node.js only. */

export {};
