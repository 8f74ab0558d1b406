// Opens MusicXML in MuseScore 4.0's engine and saves it in MuseScore's own format: node read_score.cjs IN.musicxml OUT.mscx
// One file a process; what the engine has to say goes to standard output and error.

const { readFileSync, writeFileSync } = require("node:fs");
const WebMscore = require("webmscore");

async function read(source, target) {
    await WebMscore.ready;
    const score = await WebMscore.load("musicxml", readFileSync(source), [], true);
    writeFileSync(target, await score.saveMsc("mscx"));
    process.exit(0); // the engine keeps Node alive
}

read(process.argv[2], process.argv[3]);
