export const {
  ReadableStream,
  WritableStream,
  TransformStream,
  TextDecoderStream,
  TextEncoderStream,
  CountQueuingStrategy,
  ByteLengthQueuingStrategy,
} = globalThis;
