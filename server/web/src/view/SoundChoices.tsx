import { type ChangeEvent, type ReactNode, useState } from "react";
import { type Trouble, troubleFrom } from "../desk/server";
import { player } from "../sound/player";

interface Props {
  readonly loops: boolean;
  /** What a loop repeats. */
  readonly looped: string;
  readonly onLoops: (loops: boolean) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

/** How it is heard. In a narrow window it unfolds above the player. */
export function SoundChoices({ loops, looped, onLoops, onTrouble }: Props) {
  const [unfolded, setUnfolded] = useState(false);
  const [tempo, setTempo] = useState(100);
  const [volume, setVolume] = useState(100);
  const font = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = event.target.files?.[0];
    if (file)
      await player.use(await file.arrayBuffer()).catch((error: unknown) =>
        onTrouble({
          ...troubleFrom(error),
          message: "This sound font can't be used",
          hint: "Choose an .sf2, .sf3 or .dls file",
        }),
      );
  };
  return (
    <>
      <button type="button" className="quiet unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        Sound
      </button>
      <div className={unfolded ? "sound unfolded" : "sound"}>
        <button type="button" className="quiet" aria-pressed={loops} title={looped} onClick={() => onLoops(!loops)}>
          Loop
        </button>
        <Percent
          title="Tempo"
          least={40}
          most={160}
          value={tempo}
          onValue={(percent) => {
            setTempo(percent);
            player.tempo = percent / 100;
          }}
        />
        <Percent
          title="Volume"
          least={0}
          most={100}
          value={volume}
          onValue={(percent) => {
            setVolume(percent);
            player.volume = percent / 100;
          }}
        />
        <label className="font quiet" title="Another sound font">
          Sound font …
          <input type="file" accept=".sf2,.sf3,.dls" className="for-ears" onChange={(event) => void font(event)} />
        </label>
      </div>
    </>
  );
}

interface PercentProps {
  readonly title: string;
  readonly least: number;
  readonly most: number;
  readonly value: number;
  readonly onValue: (percent: number) => void;
}

function Percent({ title, least, most, value, onValue }: PercentProps): ReactNode {
  return (
    <label className="percent">
      {title}
      <input
        type="range"
        min={least}
        max={most}
        step="5"
        value={value}
        aria-valuetext={`${value} %`}
        onChange={(event) => onValue(event.target.valueAsNumber)}
      />
      <span aria-hidden="true">{value} %</span>
    </label>
  );
}
