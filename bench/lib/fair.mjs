// Latency of some clients while others keep the server busy.
//
// Both generators share a core: the noisy one gives way (nice), and the measured one sleeps until a message is due
// or comes, so that it is woken before the other. The bare server shows what of the latency is the generators'.
import { startLoad, load } from "./load.mjs";
import { NOISE, VICTIMS } from "./scenarios.mjs";
import { withServer } from "./process.mjs";

// Seconds: how long is measured, before that not yet, and how much earlier the noise starts and later it ends.
const times = ({ quick, seconds }) =>
  quick ? { measured: 0.1, warm: 0.05, around: 0.2 } : { measured: Math.max(2, 2 * seconds), warm: 0.3, around: 0.7 };

async function measure(server, noise, { measured, warm, around }) {
  return withServer(server, null, async (at) => {
    const time = measured + warm + 2 * around;
    const other =
      noise.load && startLoad({ port: at.port }, [...noise.load(time), `-t${time}`, "-W0"], { nice: 19 });
    other?.result.catch(() => {}); // awaited below
    if (other) await new Promise((resolve) => setTimeout(resolve, around * 1000));
    const result = await load(at, [...VICTIMS, `-t${measured}`, `-W${warm}`]);
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
        ((figures[noise.name] ??= {})[server.name] ??= []).push(await measure(server, noise, times(options)));
    }
  return figures;
}
