const SIZES: readonly number[] = [0.5, 0.7, 0.85, 1, 1.2, 1.5, 2];

/** How large the score is drawn; 1 is the usual size. */
export function Zoom({ zoom, onZoom }: { zoom: number; onZoom: (zoom: number) => void }) {
  const smaller = SIZES.findLast((size) => size < zoom);
  const larger = SIZES.find((size) => size > zoom);
  return (
    <div className="zoom" role="group" aria-label="Size of the score">
      <button
        type="button"
        className="quiet"
        aria-label="Smaller"
        disabled={smaller === undefined}
        onClick={() => onZoom(smaller ?? zoom)}
      >
        −
      </button>
      <output>{Math.round(zoom * 100)} %</output>
      <button
        type="button"
        className="quiet"
        aria-label="Larger"
        disabled={larger === undefined}
        onClick={() => onZoom(larger ?? zoom)}
      >
        +
      </button>
    </div>
  );
}
