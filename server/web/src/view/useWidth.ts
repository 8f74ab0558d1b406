import { type RefObject, useEffect, useState } from "react";

/** An element's width in pixels, in steps, so that small changes draw nothing anew. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width / 10) * 10));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
