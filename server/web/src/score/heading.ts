// What stands above a score: its title and who made it.
import { children, read, textOf } from "./musicxml";

export interface Heading {
  readonly title: string;
  readonly creators: readonly string[];
}

export function headingOf(xml: string): Heading {
  const score = read(xml).documentElement;
  const work = children(score, "work")[0];
  const movement = textOf(score, "movement-title");
  const title = movement || (work ? textOf(work, "work-title") : "");
  const creators = children(score, "identification")
    .flatMap((identification) => children(identification, "creator"))
    .filter((creator) => ["composer", null].includes(creator.getAttribute("type")))
    .map((creator) => creator.textContent?.trim() ?? "")
    .filter((name) => name !== "");
  return { title: title.replace(/\s+/g, " "), creators };
}
