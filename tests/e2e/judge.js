// What `yaml` (YAML 1.2) and `ajv` say of each text: stdin {schema, texts}, stdout [{parsed, valid, errors, value}].
const Ajv = require("ajv"), YAML = require("yaml"), { text } = require("node:stream/consumers");
// Debian's Node 18 finds a pipe at its standard input not to block, and readFileSync(0) then throws EAGAIN.
text(process.stdin).then((request) => judge(JSON.parse(request)));

function judge({ schema, texts }) {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  const answers = texts.map((text) => {
    const document = YAML.parseDocument(text, { version: "1.2", schema: "core" });
    if (document.errors.length > 0) return { parsed: false, valid: false, errors: [document.errors[0].message] };
    const value = document.toJS();
    const valid = validate(value);
    const errors = valid ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
    return { parsed: true, valid, errors, value };
  });
  process.stdout.write(JSON.stringify(answers));
}
