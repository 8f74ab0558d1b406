// Small scores for tests.
export function score(...parts: readonly (readonly string[])[]): string {
  const list = parts.map(
    (_, index) => `<score-part id="P${index + 1}"><part-name>Part ${index + 1}</part-name></score-part>`,
  );
  const bodies = parts.map((bars, index) => `<part id="P${index + 1}">${bars.map(measure).join("")}</part>`);
  return `<score-partwise version="4.0"><part-list>${list.join("")}</part-list>${bodies.join("")}</score-partwise>`;
}

function measure(content: string, index: number): string {
  return `<measure number="${index + 1}">${content}</measure>`;
}

export const NOTE =
  "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration><type>whole</type></note>";
export const CLEF = '<clef number="1"><sign>G</sign><line>2</line></clef>';

export function attributes(content: string): string {
  return `<attributes>${content}</attributes>`;
}

export function key(fifths: number): string {
  return `<key><fifths>${fifths}</fifths></key>`;
}
