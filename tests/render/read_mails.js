// Reads every N.eml of a directory with npm's mailparser and compares it with N.json, as read_mails.py does.
const fs = require("fs"), path = require("path");
const { simpleParser } = require("mailparser");

const lines = (text) => text.replace(/\r\n/g, "\n");
const same = (got, want) => JSON.stringify(got) === JSON.stringify(want);

async function compare(file) {
  const want = JSON.parse(fs.readFileSync(file.replace(/eml$/, "json"), "utf8"));
  // Links and HTML made from text are the parser's own inventions.
  const mail = await simpleParser(fs.readFileSync(file), { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true });
  const boxes = (field) => (field ? field.value.map((box) => [box.name, box.address]) : []);
  const found = {
    subject: mail.subject ?? "",
    from: boxes(mail.from),
    to: boxes(mail.to),
    // A mail of HTML alone has an empty text to it.
    text: mail.text ? lines(mail.text) : want.text === null ? null : "",
    html: mail.html === false || mail.html === undefined ? null : lines(mail.html),
  };
  const wanted = { subject: want.subject, from: [[want.from_name, want.from_address]], to: want.to, text: want.text, html: want.html };
  return Object.keys(wanted).filter((key) => !same(found[key], wanted[key]))
    .map((key) => `${path.basename(file)}: ${key}: got ${JSON.stringify(found[key])}, want ${JSON.stringify(wanted[key])}`);
}

async function main() {
  const directory = process.argv[2];
  const files = fs.readdirSync(directory).filter((name) => name.endsWith(".eml")).sort();
  let wrong = 0, told = 0;
  for (const name of files) {
    const differences = await compare(path.join(directory, name));
    wrong += differences.length > 0 ? 1 : 0;
    for (const line of differences.slice(0, 3)) if (told++ < 20) console.log(line.slice(0, 600));
  }
  console.log(`${files.length - wrong} of ${files.length} mails agree`);
  process.exit(wrong > 0 || files.length === 0 ? 1 : 0);
}
main();
