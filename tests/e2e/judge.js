// What `yaml` (YAML 1.2) and `ajv` say of each text: stdin {schema, texts}, stdout [{parsed, valid, errors, value}].
const Ajv = require("ajv"), YAML = require("yaml"), fs = require("fs");
const { schema, texts } = JSON.parse(fs.readFileSync(0, "utf8"));
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
