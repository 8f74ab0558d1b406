import { memo, useEffect, useState } from "react";
import type { Passage } from "../desk/version";
import type { Music } from "../engraver/engraver";
import { countBars, putBars, read } from "../score/musicxml";
import { narrator, type Spoken } from "../score/words";

/** Bars that follow each other, under a heading of their own by which one gets about in a long score. */
const GROUP = 16;

interface Props {
  readonly music: Music;
  /** The printed numbers of all bars. */
  readonly numbers: readonly string[];
  readonly fresh: Passage | null;
}

interface Told {
  /** The place of its first bar. */
  readonly first: number;
  readonly bars: readonly (readonly Spoken[])[];
}

interface Names {
  readonly fresh: Passage | null;
  /** The printed numbers of all bars. */
  readonly numbers: readonly string[];
}

/** The score for those who hear the page: a list of what stands in each bar of each part. It grows while the browser has nothing else to do. */
export function ScoreInWords({ music, ...names }: { music: Music } & Names) {
  const [groups, setGroups] = useState<readonly Told[]>([]);
  useEffect(() => {
    const telling = groupsOf(music);
    let told: readonly Told[] = [];
    const go = (): void => {
      const { value, done } = telling.next();
      if (done) return;
      told = [...told, value];
      setGroups(told);
      cancel = whenIdle(go);
    };
    let cancel = whenIdle(go);
    return () => cancel();
  }, [music]);
  return (
    <section className="for-ears" aria-label="The score in words">
      {groups.map((group) => (
        <Group key={group.first} group={group} {...names} />
      ))}
    </section>
  );
}

const Group = memo(function Group({ group, numbers, fresh }: Omit<Props, "music"> & { readonly group: Told }) {
  const { first, bars } = group;
  const isNew = (bar: number): boolean => fresh !== null && bar >= fresh.from && bar < fresh.to;
  return (
    <>
      <h3>
        Bars {numbers[first]} to {numbers[first + bars.length - 1]}
      </h3>
      <ul>
        {bars.flatMap((parts, index) =>
          parts.map(({ part, words }, place) => (
            <li key={`${index} ${place}`}>
              {isNew(first + index) ? "New bar" : "Bar"} {numbers[first + index]}, {part}: {words}
            </li>
          )),
        )}
      </ul>
    </>
  );
});

function* groupsOf({ xml, stretch, from = 0, to = Infinity }: Music): Generator<Told, undefined> {
  const tree = read(xml);
  if (stretch) putBars(tree, stretch.bars, stretch.first);
  const tell = narrator(tree);
  const end = Math.min(to, countBars(tree));
  for (let first = from; first < end; first += GROUP) {
    const count = Math.min(GROUP, end - first);
    yield { first, bars: Array.from({ length: count }, (_, index) => tell(first + index)) };
  }
}

/** Does the work when the browser has nothing else to do, unless it is cancelled before. */
function whenIdle(work: () => void): () => void {
  if (!("requestIdleCallback" in window)) {
    const waiting = setTimeout(work, 50);
    return () => clearTimeout(waiting);
  }
  const waiting = requestIdleCallback(work);
  return () => cancelIdleCallback(waiting);
}
