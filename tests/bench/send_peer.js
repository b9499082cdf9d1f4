// A personalized mail of the given size for each of `count` people, through nodemailer's pool.
//     node send_peer.js PORT COUNT CONNECTIONS BYTES
const [port, count, connections, bytes] = process.argv.slice(2).map(Number);
const transport = require("nodemailer").createTransport({
  host: "127.0.0.1", port, pool: true, maxConnections: connections, maxMessages: Infinity, ignoreTLS: true,
});
const line = "A line of the length that people write, with a full stop at its end.\r\n";
const body = line.repeat(Math.floor((bytes - 600) / 2 / line.length));
let sent = 0;
const one = async (i) => {
  const hello = `Hello Name ${i},\r\n`;
  await transport.sendMail({
    from: "Example Shop <shop@example.com>", to: `Name ${i} <c${i}@example.com>`, subject: `News for Name ${i}`,
    text: hello + body, html: `<p>${hello}</p><p>${body}</p>`,
  });
  ++sent;
};
(async () => {
  const begin = process.hrtime.bigint();
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  console.log(Number(process.hrtime.bigint() - begin) / 1e9);
  transport.close();
  process.exit(sent === count ? 0 : 1);
})();
