// The grammar and the colours, from where the tests hold them against the parser.
const fs = require("fs");
const path = require("path");

const from = path.join(__dirname, "..", "..", "..", "grammars");
const to = path.join(__dirname, "grammars");
fs.mkdirSync(to, { recursive: true });
for (const name of ["language-configuration.json", "stdp.tmLanguage.json"]) {
  fs.copyFileSync(path.join(from, name), path.join(to, name));
}
fs.copyFileSync(path.join(from, "..", "LICENSE"), path.join(__dirname, "LICENSE"));
