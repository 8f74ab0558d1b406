// Which of General MIDI's 128 programs the sound font that comes along can play, and what stands in for the others.

/** The programs in public/sounds.sf3, counted from 0; scripts/soundfont.mjs has the same list. */
export const PROGRAMS: readonly number[] = [
  0, 6, 8, 9, 16, 24, 32, 40, 42, 46, 47, 48, 52, 56, 57, 58, 60, 68, 70, 71, 73, 74,
];

const RELATIVES: Readonly<Record<number, number>> = {
  7: 6,
  41: 40,
  43: 42,
  44: 48,
  45: 48,
  53: 52,
  54: 52,
  59: 56,
  69: 68,
  110: 40,
  12: 9,
  13: 9,
  14: 9,
};
/** For each family of eight programs. */
const FAMILIES = [0, 8, 16, 24, 32, 48, 48, 60, 71, 73, 73, 48, 48, 24, 9, 0];

export function nearestProgram(program: number): number {
  if (PROGRAMS.includes(program)) return program;
  return RELATIVES[program] ?? FAMILIES[program >> 3] ?? 0;
}
