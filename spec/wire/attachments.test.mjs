// Binary packets: attachments, their count, their placeholders.
import { serve } from "./harness.mjs";
import { A, B, CLOSED, P, only, packetTable } from "./packets.mjs";

const target = serve({ pingInterval: 300000 });
const table = packetTable(target);

const binary = (count) => Array.from({ length: count }, (_, i) => Buffer.from([i]));
const placeholders = (count) => Array.from({ length: count }, (_, i) => P(i)).join();

table("attachments", [
  ["one", [`451-["echo",${P(0)}]`, A], [`451-["echo",${P(0)}]`, A]],
  [
    "an empty one",
    [`451-["echo",${P(0)}]`, Buffer.alloc(0)],
    [`451-["echo",${P(0)}]`, Buffer.alloc(0)],
  ],
  [
    "two, in another order",
    [`452-["echo",${P(1)},${P(0)}]`, A, B],
    [`452-["echo",${P(0)},${P(1)}]`, B, A],
  ],
  [
    "deep inside",
    [`451-["echo",{"a":[{"b":${P(0)}}]}]`, A],
    [`451-["echo",{"a":[{"b":${P(0)}}]}]`, A],
  ],
  [
    "ten",
    [`4510-["echo",${placeholders(10)}]`, ...binary(10)],
    [`4510-["echo",${placeholders(10)}]`, ...binary(10)],
  ],
  ["eleven", [`4511-["echo",${placeholders(11)}]`, ...binary(11)], [CLOSED]],
  ["the same twice", [`451-["echo",${P(0)},${P(0)}]`, A], [`452-["echo",${P(0)},${P(1)}]`, A, A]],
  ["one that is not used", [`452-["echo",${P(1)}]`, A, B], [`451-["echo",${P(0)}]`, B]],
  ["none used", ['451-["echo",1]', A], ['42["echo",1]']],
  [
    "two events",
    [`451-["echo",${P(0)}]`, A, `451-["echo",${P(0)}]`, B],
    [`451-["echo",${P(0)}]`, A, `451-["echo",${P(0)}]`, B],
  ],
  [
    "a placeholder that is none",
    [`451-["echo",{"_placeholder":1}]`, A],
    ['42["echo",{"_placeholder":1}]'],
  ],
  ...["5", "-1", '"splice"', '"0"', "null", "true", "[0]", "1e999", "{}"].map((num) => [
    `number ${num}`,
    [`451-["echo",${P(num)}]`, A],
    [CLOSED],
  ]),
  ["number 0.5", [`451-["echo",${P(0.5)}]`, A], only(null, [CLOSED])],
  ["no number", ['451-["echo",{"_placeholder":true}]', A], [CLOSED]],
  ["a reserved name", [`451-["disconnect",${P(0)}]`, A], [CLOSED]],
  ["no name", [`451-[${P(0)}]`, A], [CLOSED]],
  ["no array", [`451-{"a":${P(0)}}`, A], [CLOSED]],
  ["no payload", ["451-", A], only(null, [CLOSED])],
  ["broken JSON", ['451-["echo"', A], [CLOSED]],
  ["a text where an attachment belongs", [`451-["echo",${P(0)}]`, '42["echo",1]'], [CLOSED]],
  ["an acknowledgement where an attachment belongs", [`451-["echo",${P(0)}]`, "430[]"], [CLOSED]],
  ["one more than announced", [`451-["echo",${P(0)}]`, A, B], [CLOSED]],
  ["binary out of the blue", [A], [CLOSED]],
  ["empty binary out of the blue", [Buffer.alloc(0)], [CLOSED]],
]);

table(
  "counts of attachments",
  [
    ...[
      "45-[",
      "451[",
      "450-[",
      "45999999999-[",
      "451.5-[",
      "45-1-[",
      "45x-[",
      "451x-[",
      "45",
      "451",
      "455",
    ].map((header) => [
      header,
      [`${header}${header.endsWith("[") ? `"echo",${P(0)}]` : ""}`, A],
      [CLOSED],
    ]),
    ["451e0-[", [`451e0-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
    ["45+1-[", [`45+1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
    ["45 1-[", [`45 1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
    ["450x1-[", [`450x1-["echo",${P(0)}]`, A], only([`451-["echo",${P(0)}]`, A], [CLOSED])],
    ["100 000 digits", [`45${"1".repeat(100000)}-["echo"]`], [CLOSED]],
    ["46 with none", ['460-0["a"]'], [CLOSED]],
  ],
  { cuts: ["whole", "octets"] },
);
