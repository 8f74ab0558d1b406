import { type DragEvent, type ReactNode, useState } from "react";

/** The whole page takes a score that is dropped on it. */
export function DropArea({ onFile, children }: { onFile: (file: File, name: string) => void; children: ReactNode }) {
  const [over, setOver] = useState(false);
  const drag = (event: DragEvent, inside: boolean): void => {
    event.preventDefault();
    setOver(inside);
  };
  const drop = (event: DragEvent): void => {
    drag(event, false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file, file.name);
  };
  return (
    <div
      className={over ? "page dropping" : "page"}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={drop}
    >
      {children}
    </div>
  );
}
