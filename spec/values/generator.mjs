// Values of all kinds, the same for the same state.
export function generator(state) {
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (n) => next() % n;
  const pick = (...choices) => choices[below(choices.length)];
  const list = (n, make) => Array.from({ length: n }, make);

  const bits = new DataView(new ArrayBuffer(8));
  const double = () => {
    do {
      bits.setUint32(0, next());
      bits.setUint32(4, next());
    } while (!Number.isFinite(bits.getFloat64(0)));
    return bits.getFloat64(0);
  };
  const decimal = () => (next() - 2 ** 31) / 10 ** below(15);
  const edge = () => pick(0, -0, 1, -1, 0.1, 0.1 + 0.2, 5e-324, Number.MAX_VALUE, Number.MIN_VALUE,
    2 ** 53, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 63, -(2 ** 63), 2 ** 64, 1e21, 1e-6, 1e-7, 1e20, 123e18);
  const powerOfTwo = () => pick(1, -1) * 2 ** (below(2098) - 1074);
  const number = () => pick(double, decimal, edge, powerOfTwo, () => below(1000), next)();

  const character = () => pick(
    () => 32 + below(95),
    () => below(32),
    () => pick(0x22, 0x5c, 0x2f, 0x7f, 0x2028, 0x2029, 0xfeff, 0xffff),
    () => below(0x800),
    () => 0xd800 + below(0x800),
    () => below(0x10000),
    () => 0x10000 + below(0x100000),
  )();
  const plain = () => list(below(pick(4, 20, 100)), () => String.fromCharCode(97 + below(26))).join("");
  const wild = () => list(below(pick(4, 20, 100)), () => String.fromCodePoint(character())).join("");
  const string = () => pick(plain, wild)();
  const key = () => pick(string, () => pick("", "1", "-1", "__proto__", "constructor", "_placeholder"))();

  const scalar = () => pick(number, string, () => pick(null, true, false))();
  const value = (depth) => {
    if (depth === 0) return scalar();
    return pick(
      scalar,
      () => list(below(pick(3, 10)), () => value(depth - 1)),
      () => Object.fromEntries(list(below(pick(3, 10)), () => [key(), value(depth - 1)])),
    )();
  };
  return { next, below, pick, list, number, double, string, key, value };
}
