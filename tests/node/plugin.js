// The plugin's scripts, put together as chordllama.qml does.

const path = require("node:path");

const script = (name) => require(path.join(__dirname, "../../musescore_plugin", `${name}.js`));
const texts = script("texts")();
const reading = script("reading")(texts);
const inserting = script("inserting")(texts, reading);

module.exports = { ...texts, ...reading, ...inserting, ...script("session")(texts, reading, inserting) };
