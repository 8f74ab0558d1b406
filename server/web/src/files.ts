// Files that lie beside the page. Knows where the page's scripts lie.

/** The address of a file: in the folder of the page's scripts, which carries the page's version, and not in that of its address. */
export function beside(name: string): string {
  return new URL(/* @vite-ignore */ `../${name}`, import.meta.url).href;
}
