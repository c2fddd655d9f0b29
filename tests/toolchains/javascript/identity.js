// Which id a cloned record gets: UUIDv5 (RFC 9562, section 5.5), with the virtual tenant for a namespace and the
// 16 bytes of the base id for a name. There is no crypto in the sandbox, so its SHA-1 (RFC 3174) stands here.

/** The id of a record in a tenant. */
export function derive(tenant, baseId) {
  const name = new Uint8Array(32);
  name.set(bytesOf(tenant), 0);
  name.set(bytesOf(baseId), 16);
  const id = sha1(name).subarray(0, 16);
  id[6] = (id[6] & 0x0f) | 0x50;
  id[8] = (id[8] & 0x3f) | 0x80;
  return textOf(id);
}

/** Whether a value is the text of a UUID, lower-case and hyphenated. */
export function isUuid(value) {
  return typeof value === 'string'
    && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value);
}

function bytesOf(uuid) {
  const digits = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, place) => parseInt(digits.slice(2 * place, 2 * place + 2), 16));
}

function textOf(bytes) {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}

function sha1(message) {
  // One bit, zeros up to a whole block, and the length in bits.
  const blocks = Math.ceil((message.length + 9) / 64);
  const padded = new Uint8Array(64 * blocks);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, 8 * message.length);

  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  const words = new Uint32Array(80);
  const rotated = (word, by) => (word << by) | (word >>> (32 - by));
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = view.getUint32(block + 4 * t);
    for (let t = 16; t < 80; t += 1) {
      words[t] = rotated(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
    }
    let [a, b, c, d, e] = state;
    for (let t = 0; t < 80; t += 1) {
      const [mixed, constant] = t < 20 ? [(b & c) | (~b & d), 0x5a827999]
        : t < 40 ? [b ^ c ^ d, 0x6ed9eba1]
          : t < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotated(a, 5) + mixed + e + constant + words[t]) | 0;
      [e, d, c, b, a] = [d, c, rotated(b, 30), a, next];
    }
    state.set([state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e]);
  }

  const digest = new Uint8Array(20);
  const out = new DataView(digest.buffer);
  state.forEach((word, place) => out.setUint32(4 * place, word));
  return digest;
}
