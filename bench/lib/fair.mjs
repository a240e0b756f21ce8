// Latency of some clients while others keep the server busy.
//
// Both generators share a core: the noisy one gives way (nice), and the measured one sleeps until a message is due
// or comes, so that it is woken before the other. The bare server shows what of the latency is the generators'.
import { startLoad, load } from "./load.mjs";
import { NOISE, VICTIMS } from "./scenarios.mjs";
import { withServer } from "./process.mjs";

// Seconds: before it is measured, and how much earlier the noise starts and later it ends.
const WARM = 0.3;
const AROUND = 0.7;

async function measure(server, noise, options) {
  const seconds = Math.max(2, 2 * options.seconds);
  const time = seconds + WARM + 2 * AROUND;
  const few = options.quick ? ["-n20"] : []; // messages, that is; the times are not reached then
  return withServer(server, null, async (at) => {
    const args = noise.load && [...noise.load(time), `-t${time}`, "-W0", ...few];
    const other = args && startLoad({ port: at.port }, args, { nice: 19 });
    other?.result.catch(() => {}); // awaited below
    if (other && !options.quick) await new Promise((resolve) => setTimeout(resolve, AROUND * 1000));
    const result = await load(at, [...VICTIMS, `-t${seconds}`, `-W${WARM}`, ...few]);
    await other?.result;
    return { p50: result.p50_us, p99: result.p99_us };
  });
}

/** Returns { noise: { server: [{ p50, p99 } of each round] } }, in microseconds. */
export async function measureFairness(servers, options, progress) {
  const figures = {};
  for (let round = 0; round < options.rounds; round++)
    for (const noise of NOISE) {
      progress(`round ${round + 1}: latency beside ${noise.name}`);
      for (const server of servers)
        ((figures[noise.name] ??= {})[server.name] ??= []).push(await measure(server, noise, options));
    }
  return figures;
}
