// Cuts a General MIDI sound font down to what scores need: node scripts/soundfont.mjs FluidR3Mono_GM.sf3 public/sounds.sf3
// The source is FluidR3Mono_GM.sf3 (MIT), as Debian ships it in the package fluidr3mono-gm-soundfont. Samples stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { BasicSoundBank, SoundBankLoader } from "spessasynth_core";

const PROGRAMS = [0, 6, 8, 9, 16, 24, 32, 40, 42, 46, 47, 48, 52, 56, 57, 58, 60, 68, 70, 71, 73, 74];
const [source, target] = process.argv.slice(2);
const bytes = readFileSync(source);
const whole = SoundBankLoader.fromArrayBuffer(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
);

const wanted = whole.presets.filter(
  (preset) =>
    preset.bankMSB === 0 &&
    preset.bankLSB === 0 &&
    (preset.isGMGSDrum ? preset.program === 0 : PROGRAMS.includes(preset.program)),
);
const small = new BasicSoundBank();
small.soundBankInfo = {
  ...whole.soundBankInfo,
  name: "FluidR3 Mono, the instruments of written scores",
  comment: "A selection of presets of FluidR3Mono_GM.sf3, samples unchanged. Licence: MIT.",
};
small.addCompletePresets(wanted);
small.flush();
writeFileSync(target, Buffer.from(await small.writeSF2({ compress: false, writeExtendedLimits: false })));
console.log(`${wanted.length} presets`);
